import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from "@aws-sdk/client-s3";
import { findFreePort } from "../../scripts/dev/ports.ts";

/** Debian's, which belongs to Debian's Python, whatever other Python there is. */
const DEBIAN = ["/usr/bin/python3", "/usr/bin/moto_server"] as const;
const CREDENTIALS = { accessKeyId: "any", secretAccessKey: "any" };

/** S3 as moto has it, in memory: multipart uploads that can be listed, ETags and metadata; it takes any signature. */
export interface Moto {
  readonly endpoint: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly client: S3Client;
  /** Of the bucket. */
  keys(prefix: string): Promise<readonly string[]>;
  read(key: string): Promise<Buffer>;
  /** Multipart uploads that are open. */
  countUploads(): Promise<number>;
  stop(): Promise<void>;
}

/** @param bucket made in it */
export async function startMoto(bucket = "files"): Promise<Moto> {
  const port = await findFreePort();
  const [command, ...args] = DEBIAN.every((path) => existsSync(path)) ? DEBIAN : (["moto_server"] as const);
  const server = spawn(command, [...args, "-H", "127.0.0.1", "-p", String(port)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(server, "exit");
  await waitUntilListening(server.stderr);
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new S3Client({
    ...{ endpoint, region: "us-east-1", forcePathStyle: true, credentials: CREDENTIALS },
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    ...{ endpoint, bucket, credentials: CREDENTIALS, client },
    async keys(Prefix) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix }));
      return Contents.map(({ Key = "" }) => Key);
    },
    async read(Key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    },
    async countUploads() {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return Uploads.length;
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
