import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

export type ToolEnd =
  | { readonly ok: true; readonly stdout: string }
  | { readonly ok: false; readonly reason: "failed" | "broken-off"; readonly detail: string };

/** What is kept of an output. */
const MAX_OUTPUT_CHARACTERS = 16 * 1024;
/** What a tool may say altogether before it is killed. */
const MAX_OUTPUT_BYTES = 1024 * 1024;
const MAX_DETAIL_CHARACTERS = 200;
/** How a shell, or bubblewrap, tells that what it ran was killed: 128 and the number of SIGKILL. */
const EXIT_KILLED = 137;
/** For what is in a pipe still when a tool has ended, and for the kernel to end what was killed. */
const GRACE_MS = 1_000;
/**
 * If the kernel runs out of memory, let it take a tool and not us. And where it shares its cores among sessions before it
 * looks at what is in them (sched(7), "The autogroup feature"), the session steps back as its processes do. Needs no rights;
 * elsewhere than on Linux it fails.
 */
function stepBack(niceness: number): string {
  return `{ echo 1000 > /proc/self/oom_score_adj; echo ${niceness} > /proc/self/autogroup; } 2> /dev/null`;
}

/** A command in a process group of its own, with nothing of our environment. */
export class ToolProcess {
  /** Settles when its first process has ended and the group is killed, whoever still holds its outputs. Never throws. */
  readonly ended: Promise<ToolEnd>;
  readonly #child: ChildProcess;
  readonly #output = { stdout: "", stderr: "" };
  readonly #killed = Promise.withResolvers<void>();
  /** Whether it has ended, or is to. */
  isOver = false;
  #bytesSaid = 0;
  #isKilledByUs = false;

  /** @param filter an open file, which the command has as file descriptor 3 */
  constructor(command: readonly string[], scratch: string, filter: number | undefined, niceness: number) {
    const script = `${stepBack(niceness)}; exec nice -n ${niceness} "$@"`;
    this.#child = spawn("/bin/sh", ["-c", script, "tool", ...command], {
      cwd: scratch,
      env: { PATH: "/usr/bin:/bin", HOME: scratch, TMPDIR: scratch, LANG: "C.UTF-8" },
      detached: true,
      stdio: ["pipe", "pipe", "pipe", filter ?? "ignore"],
    });
    this.#gather("stdout");
    this.#gather("stderr");
    // Of one that has ended meanwhile: that is told by its end.
    this.#child.stdin?.on("error", () => undefined);
    this.ended = this.#untilEnd();
  }

  /** Writes a line to its standard input, which stays open. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Kills all of the group, at once. */
  kill(): void {
    this.isOver = true;
    this.#isKilledByUs = true;
    this.#killGroup();
    this.#killed.resolve();
  }

  async #untilEnd(): Promise<ToolEnd> {
    const closed = once(this.#child, "close").catch(() => undefined);
    try {
      const exit = once(this.#child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
      const end = await Promise.race([exit, this.#killed.promise.then(() => within(GRACE_MS, exit))]);
      // What it started may live on, and hold the pipes.
      this.#killGroup();
      await within(GRACE_MS, closed);
      return this.#describe(end);
    } catch (error) {
      return { ok: false, reason: "broken-off", detail: `it could not be started: ${String(error)}` };
    } finally {
      this.isOver = true;
      for (const stream of this.#child.stdio) stream?.destroy();
      // One that the kernel can't end must not keep us from ending.
      this.#child.unref();
    }
  }

  #describe(end: readonly [number | null, NodeJS.Signals | null] | undefined): ToolEnd {
    if (this.#bytesSaid > MAX_OUTPUT_BYTES)
      return { ok: false, reason: "failed", detail: `over ${MAX_OUTPUT_BYTES} bytes of output` };
    if (end === undefined) return { ok: false, reason: "failed", detail: "it was killed, and doesn't end" };
    const [code, signal] = end;
    if (code === 0) return { ok: true, stdout: this.#output.stdout };
    // By the kernel, where memory or CPU time is at an end.
    const isKilled = signal === "SIGKILL" || code === EXIT_KILLED;
    return {
      ok: false,
      reason: isKilled && !this.#isKilledByUs ? "broken-off" : "failed",
      detail: `${signal ?? `exit ${code}`}: ${this.#output.stderr.slice(0, MAX_DETAIL_CHARACTERS)}`,
    };
  }

  #gather(name: "stdout" | "stderr"): void {
    this.#child[name]?.setEncoding("utf8").on("data", (text: string) => {
      this.#output[name] = (this.#output[name] + text).slice(0, MAX_OUTPUT_CHARACTERS);
      this.#bytesSaid += Buffer.byteLength(text);
      if (this.#bytesSaid > MAX_OUTPUT_BYTES) this.kill();
    });
  }

  #killGroup(): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // Nobody of it is left.
    }
  }
}

/** What a promise gives, or undefined if that takes longer. */
async function within<T>(durationMs: number, promise: Promise<T>): Promise<T | undefined> {
  const stop = new AbortController();
  try {
    return await Promise.race([promise, delay(durationMs, undefined, { signal: stop.signal })]);
  } finally {
    stop.abort();
  }
}
