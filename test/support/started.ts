import { afterAll, beforeAll } from "vitest";

/**
 * Starts something before all tests of a file and stops it after them. What is returned stands for it, for tests and hooks
 * to ask: it throws as long as nothing is started.
 */
export function useStarted<T extends { stop(): Promise<void> }>(start: () => Promise<T>): T {
  let started: T | undefined;
  beforeAll(async () => {
    started = await start();
  });
  afterAll(() => started?.stop());
  // Nothing is read from the target itself.
  return new Proxy({} as T, {
    get(_target, name): unknown {
      if (started === undefined) throw new Error(`Nothing is started yet that has ${String(name)}.`);
      return Reflect.get(started, name);
    },
  });
}
