import { expect, onTestFinished, test, vi } from "vitest";
import { createLanes, LANE_LIMITS } from "../../processor/lanes.ts";
import { MAX_LINE_WAIT_MS } from "../../processor/line.ts";
import { chooseRetryDelay } from "../../processor/retry-delay.ts";

const never = new AbortController().signal;
const sleep = (durationMs: number) => new Promise<void>((resolve) => setTimeout(resolve, durationMs));

test("a lane tells those that it refuses when to come again: all are done soon, and nobody comes often", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { document } = createLanes(LANE_LIMITS);
  const [jobs, workMs] = [400, 8_000];
  const deliveries: number[] = [];
  const deliver = async (attempts: number): Promise<void> => {
    try {
      await document.run(() => sleep(workMs), never);
      deliveries.push(attempts);
    } catch (error) {
      await sleep(chooseRetryDelay(error, attempts, false) * 1000);
      await deliver(attempts + 1);
    }
  };
  const beganAtMs = Date.now();
  const done = Promise.all(Array.from({ length: jobs }, () => deliver(1)));
  await vi.runAllTimersAsync();
  await done;
  expect(Date.now() - beganAtMs).toBeLessThan(jobs * workMs * 1.05 + MAX_LINE_WAIT_MS);
  expect(Math.max(...deliveries)).toBeLessThan(15);
});
