import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { findFreePort } from "../../../../scripts/dev/ports.ts";

/** Debian's, which belongs to Debian's Python, whatever other Python there is. */
const DEBIAN = ["/usr/bin/python3", "/usr/bin/moto_server"] as const;

export interface Moto {
  readonly url: string;
  readonly client: S3Client;
  countUploads(bucket: string): Promise<number>;
  stop(): Promise<void>;
}

/** S3 as moto has it: multipart uploads that can be listed, ETags and metadata; signatures aren't checked. */
export async function startMoto(bucket: string): Promise<Moto> {
  const port = await findFreePort();
  const [command, ...args] = DEBIAN.every((path) => existsSync(path)) ? DEBIAN : (["moto_server"] as const);
  const child = spawn(command, [...args, "-H", "127.0.0.1", "-p", String(port)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const lines = createInterface({ input: child.stderr });
  const running = new Promise<void>((resolve, reject) => {
    lines.on("line", (line) => line.includes("Running on") && resolve());
    child.once("error", reject).once("exit", () => reject(new Error("moto_server has ended.")));
  });
  await running;
  const url = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: "moto", secretAccessKey: "moto" };
  const client = new S3Client({ endpoint: url, region: "us-east-1", forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    url,
    client,
    async countUploads(Bucket) {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
      return Uploads.length;
    },
    async stop() {
      client.destroy();
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
