import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { findFreePort } from "../../scripts/dev/ports.ts";

const BUCKET = "files";
const CREDENTIALS = { accessKeyId: "any", secretAccessKey: "any" };

/** moto: an S3 by others, in memory. It takes any signature. */
export interface Moto {
  readonly endpoint: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  keys(prefix: string): Promise<readonly string[]>;
  read(key: string): Promise<Buffer>;
  stop(): Promise<void>;
}

export async function startMoto(): Promise<Moto> {
  const port = await findFreePort();
  const server = spawn("moto_server", ["-H", "127.0.0.1", "-p", String(port)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(server, "exit");
  await waitUntilListening(server.stderr);
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({
    ...{ endpoint, region: "us-east-1", forcePathStyle: true, credentials: CREDENTIALS },
  });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return {
    ...{ endpoint, bucket: BUCKET, credentials: CREDENTIALS },
    async keys(Prefix) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix }));
      return Contents.map(({ Key = "" }) => Key);
    },
    async read(Key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    async stop() {
      client.destroy();
      server.kill("SIGKILL");
      await ended;
    },
  };
}

/** It says so on its standard error, and goes on to say what it is asked. */
async function waitUntilListening(output: NodeJS.ReadableStream): Promise<void> {
  const lines = createInterface({ input: output });
  await new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => line.includes("Running on") && resolve());
    lines.once("close", () => reject(new Error("moto ended before it listened.")));
  });
}
