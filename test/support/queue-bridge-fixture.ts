import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import type { Stack, TestQueue } from "./queue-bridge.ts";
import { openQueue, QUEUES, startStack } from "./queue-bridge.ts";

export interface Bridge {
  readonly stack: Stack;
  readonly persistPath: string;
  /** One that no other test of the file uses. */
  readonly queue: TestQueue;
}

/** One bridge for a file's tests; `take` is called before each of them. */
export function useBridge(take: (bridge: Bridge) => void): void {
  const unused = [...QUEUES];
  let persistPath: string;
  let stack: Stack;
  beforeAll(async () => {
    persistPath = await mkdtemp(join(tmpdir(), "queue-bridge-"));
    stack = await startStack(persistPath);
  });
  afterAll(async () => {
    await stack.runtime.dispose();
    await rm(persistPath, { recursive: true, force: true });
  });
  beforeEach(() => {
    const queue = openQueue(stack, unused.shift() ?? expect.unreachable("more tests than queues"));
    take({ stack, persistPath, queue });
  });
}
