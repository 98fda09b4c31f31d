import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sendBody, SlowReader } from "../../../processor/replicate/send-body.ts";

const PACE = { leastBytes: 100, withinMs: 10_000 };
const { signal } = new AbortController();

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An answer whose reader takes something when a test says so. */
class HeldResponse extends EventEmitter {
  write(): boolean {
    return false;
  }
  asResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

const pieces = (sizeBytes: number) =>
  new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(sizeBytes)) });

test("a reader that takes too little for a while is cut off", async () => {
  const sent = sendBody(pieces(10), new HeldResponse().asResponse(), signal, PACE).catch(
    (error: unknown) => error,
  );
  await vi.advanceTimersByTimeAsync(PACE.withinMs);
  expect(await sent).toBeInstanceOf(SlowReader);
});

test("one that takes enough isn't, nor is one that waits for the target", async () => {
  const response = new HeldResponse();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
      given.enqueue(new Uint8Array(200));
    },
  });
  const sent = sendBody(body, response.asResponse(), signal, PACE).then(() => "sent");
  await vi.advanceTimersByTimeAsync(PACE.withinMs / 2);
  response.emit("drain");
  // The target's turn: its silence is looked at elsewhere.
  await vi.advanceTimersByTimeAsync(2 * PACE.withinMs);
  controller?.close();
  expect(await sent).toBe("sent");
});

test("a target that falls silent is broken off", async () => {
  const cancelled = vi.fn<() => void>();
  const silent = new ReadableStream<Uint8Array>({ cancel: cancelled });
  const sent = sendBody(silent, new HeldResponse().asResponse(), signal).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await sent).toMatchObject({ message: "The target fell silent." });
  expect(cancelled).toHaveBeenCalledOnce();
});
