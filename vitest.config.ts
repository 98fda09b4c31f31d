import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

const common = {
  // Real processes on two cores that others use too: what takes longer than this hangs.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // A test that passes at the second try is a defect, in the test or in the product.
  retry: 0,
  setupFiles: ["test/support/own-ports.ts"],
  // Nothing is kept in modules that another file would mind; to load them anew for each file costs a second of CPU.
  isolate: false,
  // What a test waits for comes when it comes: only what never does is a failure.
  expect: { poll: { timeout: 10_000 } },
};

export default defineConfig({
  test: {
    // Much of the time is waited for others: a third keeps two cores busy.
    maxWorkers: 3,
    allowOnly: false,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...common,
          name: "parts",
          include: ["test/**/*.test.ts"],
          globalSetup: ["test/support/built-children.ts"],
          exclude: ["test/worker/*.test.ts", "test/e2e/**", "test/faults/**", "test/s3/**"],
        },
      },
      {
        test: {
          ...common,
          name: "system",
          include: ["test/worker/*.test.ts", "test/e2e/**/*.test.ts", "test/faults/**/*.test.ts"],
          globalSetup: ["test/support/built-children.ts", "test/support/shared-stack.ts"],
        },
      },
      {
        test: {
          ...common,
          name: "s3",
          include: ["test/s3/**/*.test.ts"],
          env: { OBJECT_STORE: "s3" },
          globalSetup: ["test/support/built-children.ts", "test/support/shared-stack.ts"],
        },
      },
    ],
  },
});
