import { once } from "node:events";
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { REPLICA_READ_HEADER, replicaPath, signReplicaRead } from "#contract/replica-reads.ts";
import type { ReadableTarget } from "../../../processor/replicate/checked-reads.ts";
import type { RunningGateway } from "../../support/replica-gateway.ts";
import { memoryTarget, REPLICA_READS_SECRET, startReplicaGateway } from "../../support/replica-gateway.ts";

const KEY = "t/acme/00000000000000000000000000/1/original-1";
const BYTES = Buffer.from("0123456789");
const broken = new Set<ReadableStreamDefaultController<Uint8Array>>();

/** One that gives half of its bytes and then what a test says. */
const halting: ReadableTarget = {
  name: "halting",
  read: async () => ({
    sizeBytes: BYTES.byteLength,
    etag: "halting",
    body: new ReadableStream({
      start(controller) {
        controller.enqueue(BYTES.subarray(0, 5));
        broken.add(controller);
      },
      cancel: () => cancelled.resolve("cancelled"),
    }),
  }),
};
const cancelled = Promise.withResolvers<string>();
const failing: ReadableTarget = {
  name: "failing",
  read: async () => {
    throw new Error("what the target said");
  },
};

let gateway: RunningGateway;
beforeAll(async () => {
  gateway = await startReplicaGateway([memoryTarget("vault", new Map([[KEY, BYTES]])), halting, failing]);
});
afterAll(() => gateway.stop());

interface Change {
  readonly method?: string;
  readonly target?: string;
  readonly key?: string;
  readonly range?: string;
  /** What is sent, where that is another than what is signed. */
  readonly sent?: { readonly method?: string; readonly path?: string; readonly range?: string };
  readonly secret?: string;
  readonly signedAtMs?: number;
}

async function ask(change: Change = {}): Promise<Response> {
  const { method = "GET", target = "vault", key = KEY, range, sent = {} } = change;
  const read = { method: method as "GET", target, key, range };
  const { secret = REPLICA_READS_SECRET, signedAtMs = Date.now() } = change;
  const headers = new Headers({ [REPLICA_READ_HEADER]: await signReplicaRead(secret, read, signedAtMs) });
  const sentRange = sent.range ?? range;
  if (sentRange !== undefined) headers.set("range", sentRange);
  const path = sent.path ?? replicaPath(target, key);
  return fetch(new URL(path, gateway.url), { method: sent.method ?? method, headers });
}

const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;

test("a signed read gives a copy, a range of it, or its size", async () => {
  const whole = await ask();
  expect([whole.status, await whole.text()]).toEqual([200, "0123456789"]);
  const part = await ask({ range: "bytes=3-5" });
  expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([
    ...[206, "345", "bytes 3-5/10"],
  ]);
  const head = await ask({ method: "HEAD" });
  expect([head.status, await head.text(), head.headers.get("content-length")]).toEqual([200, "", "10"]);
});

test.each<[string, Change, number, string]>([
  ["another key", { sent: { path: replicaPath("vault", `${KEY}0`) } }, 403, "SIGNATURE_INVALID"],
  ["another target", { sent: { path: replicaPath("failing", KEY) } }, 403, "SIGNATURE_INVALID"],
  ["a range", { sent: { range: "bytes=0-1" } }, 403, "SIGNATURE_INVALID"],
  ["another secret", { secret: "x".repeat(40) }, 403, "SIGNATURE_INVALID"],
  ["a signature that has ended", { signedAtMs: Date.now() - 61_000 }, 403, "SIGNATURE_INVALID"],
  ["one of a clock far ahead", { signedAtMs: Date.now() + 120_000 }, 403, "SIGNATURE_INVALID"],
  ["a method that writes", { sent: { method: "PUT" } }, 405, "METHOD_NOT_ALLOWED"],
  ["a key that steps up", { sent: { path: "/replicas/vault/t/%2e%2e%2fsecret" } }, 404, "ROUTE_NOT_FOUND"],
  ["another path", { sent: { path: "/metrics" } }, 404, "ROUTE_NOT_FOUND"],
  ["a copy that isn't there", { key: `${KEY}0` }, 404, "FILE_NOT_FOUND"],
  ["a target that isn't there", { target: "nowhere" }, 404, "FILE_NOT_FOUND"],
  ["a range beyond the end", { range: "bytes=5-10" }, 416, "RANGE_NOT_SATISFIABLE"],
  ["a range of another form", { range: "bytes=5-" }, 416, "RANGE_NOT_SATISFIABLE"],
  ["a target that fails", { target: "failing" }, 503, "SERVICE_UNAVAILABLE"],
])("%s is refused", async (_, change, status, code) => {
  const answer = await ask(change);
  expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
});

test("what a target says of its failure isn't told", async () => {
  expect(await (await ask({ target: "failing" })).text()).not.toContain("what the target said");
});

test("a copy that breaks off is cut off, not ended", async () => {
  const answer = await ask({ target: "halting" });
  for (const controller of broken) controller.error(new Error("gone"));
  await expect(answer.text()).rejects.toThrow("terminated");
});

test("a reader that goes away ends the read of the target", async () => {
  const read = { method: "GET", target: "halting", key: KEY } as const;
  const headers = { [REPLICA_READ_HEADER]: await signReplicaRead(REPLICA_READS_SECRET, read, Date.now()) };
  const asked = request(new URL(replicaPath("halting", KEY), gateway.url), { headers });
  asked.on("error", () => {});
  asked.end();
  await once(asked, "response");
  asked.destroy();
  expect(await cancelled.promise).toBe("cancelled");
});
