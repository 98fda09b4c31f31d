import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export const MAIN = fileURLToPath(new URL("../../../processor/main.ts", import.meta.url));

type Processor = ChildProcess & { readonly stdout: NonNullable<ChildProcess["stdout"]> };

/** A processor of its own, which ends with the test. */
export function startProcessor(env: NodeJS.ProcessEnv, prefix: readonly string[] = []): Processor {
  const [program, ...args] = [...prefix, process.execPath, MAIN];
  // Where Node keeps what it has compiled.
  const { NODE_COMPILE_CACHE } = process.env;
  const child = spawn(program, args, {
    env: { NODE_COMPILE_CACHE, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Lines of its log until one is about `event`. */
export async function untilEvent(child: Processor, event: string): Promise<Record<string, unknown>> {
  for await (const line of createInterface(child.stdout)) {
    const entry = JSON.parse(line) as Record<string, unknown>;
    if (entry["event"] === event) {
      child.stdout.resume();
      return entry;
    }
  }
  throw new Error(`it ended before ${event}`);
}
