import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Called for each start after the first, before it. */
  readonly beforeRestart?: () => Promise<void>;
  readonly onOutput: (text: string) => void;
  /** How long a polite end may take before it is enforced. */
  readonly stopWithinMs: number;
}

/** A process of the stack that is started again when it ends by itself. */
export interface Child {
  readonly pid: number | undefined;
  /** Ends it and keeps it ended. */
  stop(): Promise<void>;
  /** Ends it as a crash would; it is started again. */
  kill(): Promise<void>;
}

const RESTART_DELAY_MS = 500;

/** Starts a process and keeps it running until it is stopped. */
export function keepRunning(options: ChildOptions): Child {
  let child = start(options);
  const stopping = new AbortController();
  // However this process ends (but by SIGKILL), it leaves nothing behind.
  const onExit = () => child.kill("SIGKILL");
  process.once("exit", onExit);
  const watch = watchOver();

  async function watchOver(): Promise<void> {
    for (;;) {
      await exitOf(child);
      // The pause ends at once, by throwing, when the stack stops.
      await wait(RESTART_DELAY_MS, undefined, { signal: stopping.signal });
      const prepared = await prepareRestart(options);
      if (stopping.signal.aborted) return;
      if (prepared) child = start(options);
    }
  }

  return {
    get pid() {
      return child.pid;
    },
    async stop() {
      stopping.abort();
      await end(child, options.stopWithinMs);
      await watch.catch(() => {});
      process.removeListener("exit", onExit);
    },
    async kill() {
      const ended = exitOf(child);
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Whether the process may be started again now; if not, that is tried again. */
async function prepareRestart({ command, beforeRestart, onOutput }: ChildOptions): Promise<boolean> {
  try {
    await beforeRestart?.();
    return true;
  } catch (error) {
    onOutput(`${command} isn't started again yet: ${String(error)}\n`);
    return false;
  }
}

function start({ command, args, env, onOutput }: ChildOptions): ChildProcess {
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.setEncoding("utf8").on("data", onOutput);
  child.stderr.setEncoding("utf8").on("data", onOutput);
  child.on("error", (error) => onOutput(`${command}: ${error.message}\n`));
  return child;
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function exitOf(child: ChildProcess): Promise<void> {
  if (!hasEnded(child)) await once(child, "exit");
}

async function end(child: ChildProcess, withinMs: number): Promise<void> {
  const ended = exitOf(child);
  child.kill("SIGTERM");
  const enforcing = setTimeout(() => child.kill("SIGKILL"), withinMs);
  await ended;
  clearTimeout(enforcing);
}
