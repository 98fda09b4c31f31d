import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { ObjectStore } from "../../processor/object-store.ts";
import { S3Target } from "../../processor/replicate/targets/s3/s3-target.ts";
import { useStarted } from "../support/started.ts";

/** A reader may rest for longer than a store may be silent; the rest is what these tests wait for. */
const SILENCE_MS = 1_000;
const REST_MS = 1_500;
/** Where nothing is to be late, on a machine that does much else. */
const PLENTY_MS = 20_000;
const CHUNK = Buffer.alloc(2 ** 20);
// More than the sockets between hold, so that it is the reader who keeps the store waiting.
const CHUNKS = 32;
const KEY = "t/acme/whole";
const { signal } = new AbortController();

/** What speaks S3 as far as a GET goes: whole objects, one that stops in the middle, and one that never begins. */
const bucket = useStarted(async () => {
  const server = createServer((request, response) => answer(request.url ?? "", response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
});

function answer(path: string, response: ServerResponse): void {
  if (path.includes("mute")) return;
  response.writeHead(200, { "content-length": CHUNKS * CHUNK.byteLength, etag: '"tag"' });
  if (path.includes("halting")) response.write(CHUNK);
  else Readable.from(Array.from({ length: CHUNKS }, () => CHUNK)).pipe(response);
}

type Open = (key: string) => Promise<AsyncIterable<Uint8Array> | undefined>;

const common = () => ({ bucket: "files", region: "auto", endpoint: bucket.endpoint, forcePathStyle: true });
const credentials = { accessKeyId: "a", secretAccessKey: "b" };

const openPrimary: Open = async (key) => {
  const store = new ObjectStore({ ...common(), ...credentials, silenceMs: SILENCE_MS });
  return (await store.findObject(key, undefined, signal))?.body;
};

function target(callMs: number): S3Target {
  const deadlines = { callMs, partMs: PLENTY_MS, completeMs: PLENTY_MS };
  return new S3Target({ name: "s3", ...common(), credentials, deadlines });
}
const openCopy: Open = async (key) => (await target(SILENCE_MS).read(key, undefined, signal))?.body;

async function readResting(body: AsyncIterable<Uint8Array> | undefined, restMs: number): Promise<number> {
  let sizeBytes = 0;
  for await (const chunk of body ?? []) {
    if (sizeBytes === 0) await pause(restMs);
    sizeBytes += chunk.byteLength;
  }
  return sizeBytes;
}

test.concurrent.each([
  { what: "the primary", open: openPrimary },
  { what: "a target", open: openCopy },
])("$what isn't broken off while its reader rests, and is when it falls silent", async ({ open }) => {
  await Promise.all([
    expect(readResting(await open(KEY), REST_MS)).resolves.toBe(CHUNKS * CHUNK.byteLength),
    expect(readResting(await open("t/acme/halting"), 0)).rejects.toThrow(/reading a body|silent/),
    expect(open("t/acme/mute")).rejects.toThrow(/reading an object|no answer/),
  ]);
});

test("a hundred readers at rest leave a target's other calls a connection", async () => {
  const one = target(PLENTY_MS);
  const ended = new AbortController();
  for (let count = 0; count < 100; count += 1) await one.read("t/acme/halting", undefined, ended.signal);
  const last = await one.read(KEY, undefined, ended.signal);
  expect(last?.sizeBytes).toBe(CHUNKS * CHUNK.byteLength);
  ended.abort();
  await last?.body.cancel();
});
