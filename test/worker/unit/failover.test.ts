import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { FileId, TenantId } from "#contract/ids.ts";
import { Circuit } from "../../../worker/delivery/circuit.ts";
import type { ContentSource } from "../../../worker/delivery/content.ts";
import type { CopyRead } from "../../../worker/delivery/failover.ts";
import { failoverContent } from "../../../worker/delivery/failover.ts";
import { replicaContent } from "../../../worker/delivery/replica-content.ts";
import type { ServableObject } from "../../../worker/services/servable.ts";

const OBJECT: ServableObject = {
  tenantId: TenantId.parse("acme"),
  fileId: FileId.parse("0".repeat(26)),
  version: 1,
  origin: "uploaded",
  objectKey: "t/acme/1/original-1",
  etag: "tag",
  sizeBytes: 1,
  mimeType: "text/plain",
  filename: "a.txt",
  sha256: null,
  storedAtMs: 1,
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function bodyOf(onCancel: () => void = () => {}): ReadableStream<Uint8Array> {
  return new ReadableStream({ cancel: onCancel });
}

function readThrough(primary: ContentSource, copy: CopyRead, circuit = new Circuit()) {
  const replicas = vi.fn<() => Promise<CopyRead>>(async () => copy);
  const repair = vi.fn<() => void>();
  const source = failoverContent({ primary, circuit, slowAfterMs: 100, replicas, repair });
  return { read: () => source(OBJECT, undefined), replicas, repair };
}

const COPY: CopyRead = { kind: "opened", body: bodyOf(), target: "vault" };

/** A primary whose answer a test decides on. */
function heldPrimary() {
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<ContentSource>>>();
  return { primary: () => promise, resolve };
}

test("a slow primary that answers after all is let go of where a copy was taken", async () => {
  const { primary, resolve } = heldPrimary();
  const { read } = readThrough(primary, COPY);
  const reading = read();
  await vi.advanceTimersByTimeAsync(100);
  expect(await reading).toMatchObject({ failover: "slow" });
  const cancelled = vi.fn<() => void>();
  resolve({ body: bodyOf(cancelled) });
  await vi.waitFor(() => expect(cancelled).toHaveBeenCalledOnce());
});

test("a slow primary is waited for where there is no copy", async () => {
  const { primary, resolve } = heldPrimary();
  const { read, replicas } = readThrough(primary, { kind: "none" });
  const reading = read();
  await vi.advanceTimersByTimeAsync(100);
  expect(replicas).toHaveBeenCalledOnce();
  const body = bodyOf();
  resolve({ body });
  expect(await reading).toEqual({ body });
});

test("what is missing, with copies that can't be read, isn't gone; without copies it is", async () => {
  const missing: ContentSource = async () => undefined;
  const unreadable = readThrough(missing, { kind: "unreadable" });
  await expect(unreadable.read()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(await readThrough(missing, { kind: "none" }).read()).toBeUndefined();
});

test("what fails, and has no copy, fails as it did", async () => {
  const fault = new Error("the store's own");
  const failing: ContentSource = async () => {
    throw fault;
  };
  await expect(readThrough(failing, { kind: "none" }).read()).rejects.toBe(fault);
  await expect(readThrough(failing, { kind: "unreadable" }).read()).rejects.toBe(fault);
});

test("only what is missing is repaired, of the copy that was read", async () => {
  const { read, repair } = readThrough(async () => undefined, COPY);
  await read();
  expect(repair).toHaveBeenCalledExactlyOnceWith(OBJECT, "vault");
});

test("after five failures a store rests; one caller tries it then, and a failure of theirs sends it back", () => {
  const circuit = new Circuit();
  for (let failures = 1; failures <= 5; failures++) {
    expect(circuit.admits(0)).toBe(true);
    circuit.noteFailure(0);
  }
  expect([circuit.admits(0), circuit.admits(9_999)]).toEqual([false, false]);
  expect([circuit.admits(10_000), circuit.admits(10_000)]).toEqual([true, false]);
  circuit.noteFailure(10_000);
  expect([circuit.admits(19_999), circuit.admits(20_000)]).toEqual([false, true]);
  circuit.noteAnswer();
  expect([circuit.admits(20_000), circuit.admits(20_000)]).toEqual([true, true]);
});

test("an answer between failures begins the count again", () => {
  const circuit = new Circuit();
  for (let failures = 1; failures <= 4; failures++) circuit.noteFailure(0);
  circuit.noteAnswer();
  for (let failures = 1; failures <= 4; failures++) circuit.noteFailure(0);
  expect(circuit.admits(0)).toBe(true);
});

test("an open circuit goes to the copies, and to the primary where there is none", async () => {
  const circuit = new Circuit();
  vi.setSystemTime(0);
  for (let failures = 1; failures <= 5; failures++) circuit.noteFailure(0);
  const primary = vi.fn<ContentSource>(async () => ({ body: bodyOf() }));
  expect(await readThrough(primary, COPY, circuit).read()).toMatchObject({ failover: "circuit-open" });
  expect(primary).not.toHaveBeenCalled();
  expect(await readThrough(primary, { kind: "none" }, circuit).read()).not.toHaveProperty("failover");
});

test("where records don't say whether there are copies, what the primary lost isn't gone", async () => {
  const replicas = replicaContent({
    gateway: { url: "http://127.0.0.1:9", secret: "s" },
    findTargets: () => Promise.reject(new Error("The database does not answer.")),
    circuitOf: () => new Circuit(),
  });
  expect(await replicas(OBJECT, undefined, "missing")).toEqual({ kind: "unreadable" });
});

test.each([
  { status: 429, failures: 0, isAskedOn: true },
  { status: 410, failures: 0, isAskedOn: true },
  { status: 503, failures: 0, isAskedOn: false },
  // It says nothing of the target: what has failed before goes on counting.
  { status: 429, failures: 4, isAskedOn: false },
  { status: 410, failures: 4, isAskedOn: true },
])("a gateway's $status after $failures failures: its target is asked on: $isAskedOn", async (scene) => {
  const circuit = new Circuit();
  const asked = vi.fn<typeof fetch>(async () => new Response(null, { status: scene.status }));
  vi.stubGlobal("fetch", asked);
  onTestFinished(() => void vi.unstubAllGlobals());
  const replicas = replicaContent({
    gateway: { url: "http://127.0.0.1:9", secret: "s" },
    findTargets: async () => ["vault"],
    circuitOf: () => circuit,
  });
  for (let failures = 0; failures < scene.failures; failures += 1) circuit.noteFailure(Date.now());
  const reads = 6 - scene.failures;
  for (let read = 1; read < reads; read += 1) {
    expect(await replicas(OBJECT, undefined, "missing")).toEqual({ kind: "unreadable" });
  }
  if (scene.failures > 0) circuit.noteFailure(Date.now());
  await replicas(OBJECT, undefined, "missing");
  expect(asked).toHaveBeenCalledTimes(scene.isAskedOn ? reads : reads - 1);
});
