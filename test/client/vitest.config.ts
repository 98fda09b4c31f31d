import { defineConfig } from "vitest/config";

/** The client's own tests without the whole stack: `vitest run --config test/client/vitest.config.ts --root .` */
export default defineConfig({
  test: { include: ["test/client/**/*.test.ts"], testTimeout: 30_000, hookTimeout: 60_000, maxWorkers: 2 },
});
