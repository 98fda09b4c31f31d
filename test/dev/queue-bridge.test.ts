import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessagePullResponse } from "cloudflare/resources/queues/messages";
import { describe, expect, onTestFinished, test } from "vitest";
import { useBridge } from "../support/queue-bridge-fixture.ts";
import {
  bodies,
  EMPTY_COUNTS,
  type Lease,
  leases,
  MAX_RETRIES,
  openQueue,
  requireLease,
  type StackSettings,
  startStack,
  type TestQueue,
} from "../support/queue-bridge.ts";

const HOUR_MS = 3_600_000;
const DEFAULT_VISIBILITY_MS = 30_000;
/** More than the real time that passes between two steps of a test; the bridge's clock runs on between advances. */
const MARGIN_MS = 20_000;

let queue: TestQueue;
useBridge((bridge) => {
  ({ queue } = bridge);
});

describe("what is sent is what is pulled", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const json = { upload: "ü-1", sizes: [0, 1, 2 ** 40], nested: { none: null } };
  const decode: Record<string, (body: string) => unknown> = {
    json: (body) => JSON.parse(Buffer.from(body, "base64").toString()),
    text: (body) => body,
    bytes: (body) => new Uint8Array(Buffer.from(body, "base64")),
  };

  test.each([
    { type: "json", sent: JSON.stringify(json), expected: json },
    { type: "json", sent: '"bare"', expected: "bare" },
    { type: "json", sent: "null", expected: null },
    { type: "text", sent: "plain – text", expected: "plain – text" },
    { type: "text", sent: "", expected: "" },
    { type: "bytes", sent: bytes, expected: bytes },
    { type: "bytes", sent: new Uint8Array(), expected: new Uint8Array() },
  ])("$type $sent", async ({ type, sent, expected }) => {
    const before = Date.now();
    await queue.send(type, sent, { contentType: type });
    const { messages, message_backlog_count } = await queue.pull();
    expect(message_backlog_count).toBe(1);
    expect(messages).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        lease_id: expect.any(String),
        body: expect.any(String),
        attempts: 1,
        timestamp_ms: expect.any(Number),
        metadata: { "CF-Content-Type": type },
      },
    ]);
    expect(decode[type]?.(messages?.[0]?.body ?? "")).toEqual(expected);
    expect(messages?.[0]?.timestamp_ms).toBeGreaterThanOrEqual(before);
  });

  test("without a content type it is json", async () => {
    await queue.send("json", '"bare"');
    await queue.sendBatch([{ body: json }]);
    const { messages } = await queue.pull();
    expect(messages?.map(({ metadata }) => metadata)).toEqual(Array(2).fill({ "CF-Content-Type": "json" }));
    expect(messages?.map(({ body = "" }) => decode["json"]?.(body))).toEqual(["bare", json]);
  });

  test("the producer is told the backlog, as Cloudflare tells it", async () => {
    const metrics = { backlogCount: 1, backlogBytes: 3, oldestMessageTimestamp: expect.any(String) };
    expect(await queue.send("text", "abc", { contentType: "text" })).toEqual({ metadata: { metrics } });
    expect(await queue.sendTexts("d", "e")).toEqual({
      metadata: { metrics: { ...metrics, backlogCount: 3, backlogBytes: 5 } },
    });
  });

  test("the answer's envelope is Cloudflare's", async () => {
    await queue.sendTexts("a", "bc");
    const response = await queue.post("pull", "{}");
    expect(response.status).toBe(200);
    const envelope = (await response.json()) as { result: MessagePullResponse };
    expect(envelope).toMatchObject({
      success: true,
      errors: [],
      messages: [],
      result: { message_backlog_count: 2 },
    });
    expect(envelope.result.metadata?.metrics).toEqual({
      backlog_bytes: 3,
      backlog_count: 2,
      oldest_message_timestamp_ms: expect.any(Number),
    });
  });

  test("a batch is 5 messages unless the pull says otherwise, oldest first", async () => {
    const texts = Array.from({ length: 120 }, (_, index) => String(index));
    await queue.sendTexts(...texts.slice(0, 60));
    await queue.sendTexts(...texts.slice(60));
    expect(bodies(await queue.pull())).toEqual(["0", "1", "2", "3", "4"]);
    expect(bodies(await queue.pull({ batch_size: 1 }))).toEqual(["5"]);
    expect(bodies(await queue.pull({ batch_size: 100 }))).toEqual(texts.slice(6, 106));
    expect(bodies(await queue.pull({ batch_size: 100 }))).toHaveLength(14);
    expect(await queue.pull()).toMatchObject({ messages: [], message_backlog_count: 120 });
  });
});

describe("a message sent with a delay", () => {
  test("is visible after it", async () => {
    await queue.send("text", "a", { contentType: "text", delaySeconds: 7200 });
    await queue.advance(2 * HOUR_MS - MARGIN_MS);
    expect(await queue.counts()).toMatchObject({ visible: 0, delayed: 1 });
    expect(bodies(await queue.pull())).toEqual([]);
    await queue.advance(MARGIN_MS);
    expect((await queue.pull()).messages).toMatchObject([{ body: "a", attempts: 1 }]);
  });

  test("has its own, else the batch's", async () => {
    const messages = [{ body: 1 }, { body: 2, delaySeconds: 0 }, { body: 3, delaySeconds: 7200 }];
    await queue.sendBatch(messages, { delaySeconds: 3600 });
    expect(await queue.counts()).toMatchObject({ visible: 1, delayed: 2 });
    await queue.advance(HOUR_MS);
    expect(await queue.counts()).toMatchObject({ visible: 2, delayed: 1 });
  });
});

describe("acknowledging", () => {
  test("removes the message", async () => {
    await queue.sendTexts("a", "b");
    const [first] = leases(await queue.pull());
    expect(await queue.ack({ acks: [requireLease(first)] })).toEqual({
      ackCount: 1,
      retryCount: 0,
      warnings: {},
    });
    await queue.advance(HOUR_MS);
    expect(bodies(await queue.pull())).toEqual(["b"]);
  });

  test("is accepted late, and twice, as Cloudflare does", async () => {
    await queue.sendTexts("a");
    const old = leases(await queue.pull());
    await queue.advance(DEFAULT_VISIBILITY_MS);
    const current = leases(await queue.pull());
    expect(await queue.ack({ acks: old })).toEqual({ ackCount: 1, retryCount: 0, warnings: {} });
    expect(await queue.counts()).toEqual(EMPTY_COUNTS);
    expect(await queue.ack({ acks: current })).toEqual({ ackCount: 1, retryCount: 0, warnings: {} });
  });

  test("is remembered for an hour, then the message and its leases are forgotten", async () => {
    await queue.sendTexts("a");
    const acked = leases(await queue.pull());
    await queue.ack({ acks: acked });
    await queue.advance(HOUR_MS - MARGIN_MS);
    expect(await queue.ack({ acks: acked })).toMatchObject({ ackCount: 1 });
    await queue.advance(MARGIN_MS);
    expect(await queue.ack({ acks: acked })).toMatchObject({
      ackCount: 0,
      warnings: { [requireLease(acked[0]).lease_id]: "unknown lease" },
    });
  });

  test("of a lease that never was warns, and does the rest", async () => {
    await queue.sendTexts("a");
    const known = leases(await queue.pull());
    const unknown = { lease_id: randomUUID() };
    expect(await queue.ack({ acks: [unknown, ...known] })).toEqual({
      ackCount: 1,
      retryCount: 0,
      warnings: { [unknown.lease_id]: "unknown lease" },
    });
    expect(await queue.counts()).toEqual(EMPTY_COUNTS);
  });
});

describe("a lease", () => {
  test("hides the message until it runs out, then the message comes again", async () => {
    await queue.sendTexts("a");
    const first = await queue.pull({ visibility_timeout_ms: 2 * HOUR_MS });
    await queue.advance(2 * HOUR_MS - MARGIN_MS);
    expect(bodies(await queue.pull())).toEqual([]);
    expect(await queue.counts()).toMatchObject({ visible: 0, leased: 1 });
    await queue.advance(MARGIN_MS);
    expect(await queue.counts()).toMatchObject({
      visible: 1,
      leased: 0,
      oldestVisibleAtMs: expect.any(Number),
    });
    const second = await queue.pull();
    expect(second.messages).toMatchObject([{ id: first.messages?.[0]?.id, body: "a", attempts: 2 }]);
    expect(leases(second)).not.toEqual(leases(first));
  });

  test("lasts 30 seconds unless the pull says otherwise", async () => {
    await queue.sendTexts("a");
    await queue.pull();
    await queue.advance(DEFAULT_VISIBILITY_MS - MARGIN_MS);
    expect(await queue.counts()).toMatchObject({ leased: 1 });
    await queue.advance(MARGIN_MS);
    expect(await queue.counts()).toMatchObject({ visible: 1, leased: 0 });
  });
});

describe("retrying", () => {
  test("makes the message visible at once", async () => {
    await queue.sendTexts("a");
    expect(await queue.ack({ retries: leases(await queue.pull()) })).toEqual({
      ackCount: 0,
      retryCount: 1,
      warnings: {},
    });
    expect((await queue.pull()).messages).toMatchObject([{ body: "a", attempts: 2 }]);
  });

  test("with a delay makes it visible after that", async () => {
    await queue.sendTexts("a");
    const [leased] = leases(await queue.pull());
    await queue.ack({ retries: [{ ...requireLease(leased), delay_seconds: 7200 }] });
    await queue.advance(2 * HOUR_MS - MARGIN_MS);
    expect(await queue.counts()).toMatchObject({ visible: 0, leased: 0, delayed: 1 });
    expect(bodies(await queue.pull())).toEqual([]);
    await queue.advance(MARGIN_MS);
    expect((await queue.pull()).messages).toMatchObject([{ body: "a", attempts: 2 }]);
  });

  test("by a lease that another one followed changes nothing", async () => {
    await queue.sendTexts("a");
    const old = requireLease(leases(await queue.pull())[0]);
    await queue.advance(DEFAULT_VISIBILITY_MS);
    await queue.pull();
    expect(await queue.ack({ retries: [old] })).toEqual({
      ackCount: 0,
      retryCount: 0,
      warnings: { [old.lease_id]: "message was delivered again" },
    });
    expect(await queue.counts()).toMatchObject({ visible: 0, leased: 1 });
  });
});

describe("releasing", () => {
  test("makes every leased message visible at once, and no other", async () => {
    await queue.sendTexts("a", "b");
    await queue.send("json", '"delayed"', { delaySeconds: 3600 });
    const first = leases(await queue.pull({ visibility_timeout_ms: 12 * HOUR_MS }));
    expect(await queue.counts()).toMatchObject({ visible: 0, leased: 2, delayed: 1 });
    expect(await queue.release()).toEqual({ released: 2 });
    expect(await queue.counts()).toMatchObject({ visible: 2, leased: 0, delayed: 1 });
    const again = await queue.pull();
    expect(again.messages).toMatchObject([
      { body: "a", attempts: 2 },
      { body: "b", attempts: 2 },
    ]);
    expect(await queue.ack({ acks: first })).toMatchObject({ ackCount: 2 });
  });

  test("an empty queue does nothing", async () => {
    expect(await queue.release()).toEqual({ released: 0 });
    expect(await queue.counts()).toEqual(EMPTY_COUNTS);
  });
});

describe(`after ${MAX_RETRIES} failed deliveries a message is dead, not gone`, () => {
  const ways = [
    { how: "retried", fail: async (acked: Lease[]) => queue.ack({ retries: acked }) },
    { how: "never settled", fail: async () => queue.advance(DEFAULT_VISIBILITY_MS) },
    { how: "released", fail: async () => queue.release() },
  ];

  test.each(ways)("$how", async ({ fail }) => {
    await queue.sendTexts("a");
    for (let attempt = 1; attempt <= MAX_RETRIES; attempt += 1) {
      const leased = await queue.pull();
      expect(leased.messages).toMatchObject([{ attempts: attempt }]);
      expect(await queue.counts()).toMatchObject({ dead: 0 });
      await fail(leases(leased));
    }
    expect(await queue.counts()).toEqual({ ...EMPTY_COUNTS, dead: 1 });
    await queue.advance(HOUR_MS);
    expect(await queue.pull()).toMatchObject({ messages: [], message_backlog_count: 0 });
    expect(await queue.counts()).toEqual({ ...EMPTY_COUNTS, dead: 1 });
  });

  test("and a late acknowledgement doesn't remove it", async () => {
    await queue.sendTexts("a");
    let last: Lease[] = [];
    for (let attempt = 1; attempt <= MAX_RETRIES; attempt += 1) {
      last = leases(await queue.pull());
      await queue.advance(DEFAULT_VISIBILITY_MS);
    }
    expect(await queue.ack({ acks: last })).toEqual({
      ackCount: 0,
      retryCount: 0,
      warnings: { [requireLease(last[0]).lease_id]: "message is dead" },
    });
    expect(await queue.counts()).toMatchObject({ dead: 1 });
  });
});

describe("outlives the runtime", () => {
  async function startAt(path: string, settings: StackSettings = {}) {
    const started = await startStack(path, settings);
    onTestFinished(() => started.runtime.dispose());
    return { ...started, queue: openQueue(started, queue.name) };
  }

  async function makePath() {
    const path = await mkdtemp(join(tmpdir(), "queue-bridge-restart-"));
    onTestFinished(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  test("a restart: messages, leases and delays", async () => {
    const path = await makePath();
    const before = await startAt(path);
    await before.queue.sendTexts("leased", "delayed", "waiting");
    const [first, second] = leases(await before.queue.pull({ batch_size: 2 }));
    await before.queue.ack({ retries: [{ ...requireLease(second), delay_seconds: 3600 }] });
    await before.runtime.dispose();

    const after = await startAt(path);
    expect(await after.queue.counts()).toMatchObject({ visible: 1, leased: 1, delayed: 1 });
    expect(bodies(await after.queue.pull())).toEqual(["waiting"]);
    expect(await after.queue.ack({ acks: [requireLease(first)] })).toMatchObject({ ackCount: 1 });
  });

  test("where pulls are held: one of an empty queue waits for a message, new, handed back or released", async () => {
    const { queue: held } = await startAt(await makePath(), { pullHoldMs: HOUR_MS });
    const first = held.pull();
    await held.untilPulls(1);
    await held.sendTexts("sent");
    expect(bodies(await first)).toEqual(["sent"]);
    const second = held.pull();
    await held.untilPulls(2);
    await held.ack({ retries: leases(await first) });
    expect(bodies(await second)).toEqual(["sent"]);
    const third = held.pull();
    await held.untilPulls(3);
    await held.release();
    expect(bodies(await third)).toEqual(["sent"]);
  });

  test("a kill right after send has resolved: the message", async () => {
    const path = await makePath();
    const before = await startAt(path);
    // Without it the row is always written by the time the answer is here, and a send that doesn't wait goes unnoticed.
    await before.queue.stall(300);
    await before.queue.send("text", "sent", { contentType: "text" });
    await before.kill();
    await before.runtime.dispose();

    const after = await startAt(path);
    expect(bodies(await after.queue.pull())).toEqual(["sent"]);
  });
});
