import { once } from "node:events";
import { createServer } from "node:http";
import { S3Store } from "@tus/s3-store";
import { Server } from "@tus/server";
import { fileIdOf, metadataHeader, newCaller, TUS } from "../api.ts";
import { distinctBytes } from "../distinct-bytes.ts";
import type { Moto } from "../moto.ts";
import type { WorkerAlone } from "../worker-alone.ts";
import { launchWorkerAlone } from "../worker-alone.ts";
import type { History, Step } from "./histories.ts";

/** A tus server over moto. */
export interface TusServer {
  /** Carries a history out: what each step was answered, and what is stored then, if it is. */
  carryOut(history: History): Promise<{ readonly answers: readonly string[]; readonly stored?: Buffer }>;
  stop(): Promise<void>;
}

type Send = (path: string, init: RequestInit) => Promise<Response>;

/** What tus has to say of it: the status, and where the upload is. */
function tell(answer: Response): string {
  const offset = answer.headers.get("upload-offset");
  const length = answer.headers.get("upload-length");
  return [answer.status, offset && `at ${offset}`, length && `of ${length}`].filter(Boolean).join(" ");
}

function requestOf(step: Step, bytes: Buffer<ArrayBuffer>): RequestInit {
  const body = (from: number, size: number) => ({ body: bytes.subarray(from, from + size) });
  switch (step.do) {
    case "create": {
      const { lengthBytes, bodyBytes } = step;
      const length: Record<string, string> =
        lengthBytes === undefined ? { "upload-defer-length": "1" } : { "upload-length": String(lengthBytes) };
      const headers = { ...TUS, ...length, "upload-metadata": metadataHeader({ filename: "notes.txt" }) };
      if (bodyBytes === undefined) return { method: "POST", headers };
      const typed = { ...headers, "content-type": "application/offset+octet-stream" };
      return { method: "POST", headers: typed, ...body(0, bodyBytes) };
    }
    case "append": {
      const headers = {
        ...TUS,
        "upload-offset": String(step.at),
        "content-type": "application/offset+octet-stream",
      };
      const length = step.lengthBytes === undefined ? {} : { "upload-length": String(step.lengthBytes) };
      return { method: "PATCH", headers: { ...headers, ...length }, ...body(step.at, step.bytes) };
    }
    case "append-as": {
      const headers = { ...TUS, "upload-offset": "0", "content-type": step.contentType };
      return { method: "PATCH", headers, ...body(0, bytes.byteLength) };
    }
    case "head":
      return { method: "HEAD", headers: TUS };
    case "terminate":
      return { method: "DELETE", headers: TUS };
  }
}

async function walk(
  { sizeBytes, steps }: History,
  creationPath: string,
  send: Send,
): Promise<{ answers: string[]; location: string }> {
  const bytes = distinctBytes(sizeBytes + 16);
  const answers: string[] = [];
  let location = creationPath;
  for (const step of steps) {
    const answer = await send(location, requestOf(step, bytes));
    await answer.arrayBuffer();
    answers.push(`${step.do} ${tell(answer)}`);
    if (step.do === "create") location = answer.headers.get("location") ?? location;
  }
  return { answers, location };
}

/** `@tus/server` with `@tus/s3-store`, on Node. */
export async function startPackages({ endpoint, bucket, credentials, keys, read }: Moto): Promise<TusServer> {
  const datastore = new S3Store({
    partSize: 8 * 1024 * 1024,
    s3ClientConfig: { bucket, endpoint, region: "us-east-1", forcePathStyle: true, credentials },
  });
  const tus = new Server({ path: "/files", datastore, respectForwardedHeaders: false });
  const server = createServer((request, response) => void tus.handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    async carryOut(history) {
      const { answers, location } = await walk(history, "/files", (path, init) =>
        fetch(new URL(path, origin), init),
      );
      const key = location.split("/").at(-1) ?? "";
      const found = (await keys(key)).includes(key);
      return found ? { answers, stored: await read(key) } : { answers };
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** The product's worker, on S3. */
export async function startProduct(moto: Moto): Promise<TusServer> {
  const worker: WorkerAlone = await launchWorkerAlone({
    OBJECT_STORE: "s3",
    S3_ENDPOINT: moto.endpoint,
    S3_REGION: "us-east-1",
    S3_BUCKET: moto.bucket,
    S3_ACCESS_KEY_ID: moto.credentials.accessKeyId,
    S3_SECRET_ACCESS_KEY: moto.credentials.secretAccessKey,
  });
  const caller = await newCaller({ stack: worker });
  return {
    async carryOut(history) {
      const { answers, location } = await walk(history, "/v1/uploads", caller.fetch);
      const [key] = await moto.keys(`t/${caller.tenantId}/${fileIdOf(location)}/`);
      return key === undefined ? { answers } : { answers, stored: await moto.read(key) };
    },
    stop: () => worker.stop(),
  };
}
