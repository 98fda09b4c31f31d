import { expect, onTestFinished, test } from "vitest";
import { keepRunning } from "../../scripts/dev/child.ts";

test("a process that was killed is started again, though what must go before that fails at first", async () => {
  let attempts = 0;
  const output: string[] = [];
  const child = keepRunning({
    command: "sleep",
    args: ["60"],
    env: process.env,
    onOutput: (text) => output.push(text),
    stopWithinMs: 1_000,
    beforeRestart: async () => {
      attempts += 1;
      if (attempts === 1) throw new Error("The queue does not answer.");
    },
  });
  onTestFinished(() => child.stop());
  const before = child.pid;
  await child.kill();
  await expect.poll(() => child.pid, { timeout: 5_000 }).not.toBe(before);
  expect(attempts).toBe(2);
  expect(output).toEqual(["sleep isn't started again yet: Error: The queue does not answer.\n"]);
});
