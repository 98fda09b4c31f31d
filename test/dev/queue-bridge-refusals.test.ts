import { randomUUID } from "node:crypto";
import type Cloudflare from "cloudflare";
import { AuthenticationError, BadRequestError, NotFoundError, PermissionDeniedError } from "cloudflare";
import { describe, expect, test } from "vitest";
import { useBridge } from "../support/queue-bridge-fixture.ts";
import {
  ACCOUNT,
  openQueue,
  type Stack,
  type TestQueue,
  TOKEN,
  UNSERVED_QUEUE,
} from "../support/queue-bridge.ts";

const HOUR_MS = 3_600_000;

let stack: Stack;
let queue: TestQueue;
useBridge((bridge) => {
  ({ stack, queue } = bridge);
});

describe("sends that are refused, each one change away from one that isn't", () => {
  const text = (length: number) => ({ body: "x".repeat(length), contentType: "text" });
  const fine = { body: "a", contentType: "text", delaySeconds: 1 };

  test.each([
    { change: { contentType: "v8" }, reason: /TypeError: .*"v8" can't be read by a pull consumer/ },
    { change: { contentType: "xml" }, reason: /TypeError: .*"text"\|"bytes"\|"json"/ },
    { change: { body: 1 }, reason: /TypeError: A text message must be a string, not number/ },
    { change: { contentType: "bytes" }, reason: /TypeError: A bytes message must be an ArrayBufferView/ },
    { change: { body: undefined }, reason: /TypeError: .*body/s },
    { change: { delaySeconds: -1 }, reason: /TypeError: .*delaySeconds/s },
    { change: { delaySeconds: 86_401 }, reason: /TypeError: .*delaySeconds/s },
    { change: { delaySeconds: 0.5 }, reason: /TypeError: .*delaySeconds/s },
  ])("$change", async ({ change, reason }) => {
    await queue.sendBatch([fine]);
    await expect(queue.sendBatch([fine, { ...fine, ...change }])).rejects.toThrow(reason);
    expect(await queue.counts()).toMatchObject({ delayed: 1 });
  });

  test("v8 by send itself", async () => {
    await queue.send("json", "{}", { contentType: "json" });
    await expect(queue.send("json", "{}", { contentType: "v8" })).rejects.toThrow(/"v8" can't be read/);
    expect(await queue.counts()).toMatchObject({ visible: 1 });
  });

  test.each([
    { what: "messages", accepted: Array(100).fill(fine), refused: Array(101).fill(fine) },
    { what: "a message", accepted: [fine], refused: [] },
    { what: "bytes", accepted: [text(128_000)], refused: [text(128_001)] },
    {
      what: "bytes in all",
      accepted: [text(128_000), text(128_000)],
      refused: [text(128_000), text(128_000), text(1)],
    },
  ])("the limit of $what", async ({ accepted, refused }) => {
    await expect(queue.sendBatch(accepted)).resolves.toMatchObject({
      metadata: { metrics: { backlogCount: accepted.length } },
    });
    await expect(queue.sendBatch(refused)).rejects.toThrow(/TypeError|RangeError/);
  });

  test("the longest delay is accepted", async () => {
    await queue.sendBatch([{ ...fine, delaySeconds: 86_400 }]);
    expect(await queue.counts()).toMatchObject({ delayed: 1 });
  });

  test("a queue that the bridge doesn't serve", async () => {
    await queue.sendTexts("a");
    const unserved = openQueue(stack, UNSERVED_QUEUE);
    await expect(unserved.sendTexts("a")).rejects.toThrow(`Queue ${UNSERVED_QUEUE} does not exist`);
  });
});

describe("requests that are refused, each one change away from one that isn't", () => {
  const pullWith = (client: Cloudflare, queueName = queue.name) =>
    client.queues.messages.pull(queueName, { account_id: ACCOUNT });

  test("no token, and another token", async () => {
    await expect(pullWith(stack.client)).resolves.toMatchObject({ messages: [] });
    const without = stack.client.withOptions({ defaultHeaders: { Authorization: null } });
    await expect(pullWith(without)).rejects.toThrow(AuthenticationError);
    await expect(pullWith(without)).rejects.toMatchObject({ status: 401, errors: [{ code: 10001 }] });
    const wrong = stack.client.withOptions({ apiToken: `${TOKEN}x` });
    await expect(pullWith(wrong)).rejects.toThrow(PermissionDeniedError);
    await expect(pullWith(wrong)).rejects.toMatchObject({ status: 403, errors: [{ code: 10000 }] });
  });

  test("counts and releases need the token too", async () => {
    await queue.sendTexts("a");
    await queue.pull();
    expect((await fetch(queue.countsUrl)).status).toBe(401);
    expect((await fetch(queue.releaseUrl, { method: "POST" })).status).toBe(401);
    expect(await queue.counts()).toMatchObject({ leased: 1 });
  });

  test("another queue", async () => {
    await expect(pullWith(stack.client)).resolves.toMatchObject({ messages: [] });
    await expect(pullWith(stack.client, UNSERVED_QUEUE)).rejects.toThrow(NotFoundError);
    await expect(pullWith(stack.client, UNSERVED_QUEUE)).rejects.toMatchObject({
      errors: [{ code: 10104 }],
    });
    expect(await openQueue(stack, UNSERVED_QUEUE).release()).toMatchObject({ errors: [{ code: 10104 }] });
  });

  test("another route", async () => {
    expect((await queue.post("pull", "{}")).status).toBe(200);
    const refused = await queue.post("peek", "{}");
    expect(refused.status).toBe(404);
    expect(await refused.json()).toMatchObject({ success: false, errors: [{ code: 7003 }], result: null });
  });

  test.each([
    { field: "batch_size", accepted: [1, 100], refused: [0, 101, 1.5] },
    { field: "visibility_timeout_ms", accepted: [1, 12 * HOUR_MS], refused: [0, 12 * HOUR_MS + 1, 1.5] },
  ])("$field of a pull", async ({ field, accepted, refused }) => {
    for (const value of accepted)
      await expect(queue.pull({ [field]: value })).resolves.toMatchObject({ messages: [] });
    for (const value of refused)
      await expect(queue.pull({ [field]: value })).rejects.toThrow(BadRequestError);
    await expect(queue.pull({ [field]: refused[0] ?? 0 })).rejects.toMatchObject({
      errors: [{ code: 10207, message: expect.stringContaining(field) }],
    });
  });

  test("delay of a retry", async () => {
    const retry = (delay_seconds: number) =>
      queue.ack({ retries: [{ lease_id: randomUUID(), delay_seconds }] });
    for (const accepted of [0, 86_400])
      await expect(retry(accepted)).resolves.toMatchObject({ retryCount: 0 });
    for (const refused of [-1, 86_401, 0.5]) await expect(retry(refused)).rejects.toThrow(BadRequestError);
  });

  test.each([
    { action: "pull", accepted: "{}", refused: "{", code: 10208 },
    { action: "pull", accepted: "{}", refused: "", code: 10208 },
    { action: "pull", accepted: "{}", refused: "[]", code: 10207 },
    { action: "ack", accepted: '{"acks":[]}', refused: '{"acks":["a"]}', code: 10207 },
  ])("$action with the body $refused", async ({ action, accepted, refused, code }) => {
    expect((await queue.post(action, accepted)).status).toBe(200);
    const response = await queue.post(action, refused);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      success: false,
      errors: [{ code }],
      messages: [],
      result: null,
    });
  });
});
