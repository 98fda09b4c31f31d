/**
 * Where tools that parse hostile files run: a process group of its own, killed at its deadline, with limits on memory,
 * CPU time and output that the kernel keeps, no environment, a scratch directory as home, and no network where the
 * system lets us take that away. The tool's output is untrusted.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export interface SandboxLimits {
  readonly timeMs: number;
  /** Data segment. Node itself takes about 0.85 GiB of it, most of that reserved and never touched. */
  readonly memoryBytes: number;
  /** Of each file that is written. */
  readonly fileBytes: number;
}

export type SandboxResult =
  | { readonly ok: true; readonly stdout: string }
  | { readonly ok: false; readonly reason: "deadline" | "failed"; readonly detail: string };

const MAX_OUTPUT_CHARACTERS = 16 * 1024;
const NO_NETWORK = ["unshare", "--user", "--map-current-user", "--net", "--"];

/** Starts tools and knows those that run, so that none outlives the processor. */
export class Sandbox {
  readonly #prefix: readonly string[];
  readonly #running = new Set<ChildProcess>();

  private constructor(prefix: readonly string[]) {
    this.#prefix = prefix;
  }

  /** Finds out whether the network can be taken away here; a container's rules may forbid it. */
  static async create(): Promise<Sandbox> {
    const sandbox = new Sandbox(NO_NETWORK);
    const limits = { timeMs: 5_000, memoryBytes: 2 ** 30, fileBytes: 0 };
    const probe = await sandbox.run(["true"], "/", limits, AbortSignal.timeout(limits.timeMs));
    return probe.ok ? sandbox : new Sandbox([]);
  }

  get hasNoNetwork(): boolean {
    return this.#prefix.length > 0;
  }

  /**
   * Runs a command. A tool that fails or is too slow is data; throws only if `signal` is aborted.
   * @param scratch its working directory, home and TMPDIR
   */
  async run(
    command: readonly string[],
    scratch: string,
    limits: SandboxLimits,
    signal: AbortSignal,
  ): Promise<SandboxResult> {
    signal.throwIfAborted();
    const child = this.#start([...this.#prefix, ...command], scratch, limits);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(limits.timeMs)]);
    const kill = () => killGroup(child);
    deadline.addEventListener("abort", kill, { once: true });
    try {
      const result = await collect(child);
      signal.throwIfAborted();
      return deadline.aborted
        ? { ok: false, reason: "deadline", detail: `over ${limits.timeMs} ms` }
        : result;
    } finally {
      deadline.removeEventListener("abort", kill);
      this.#running.delete(child);
    }
  }

  /** Kills what runs, at once. For the end of the processor. */
  killAll(): void {
    for (const child of this.#running) killGroup(child);
  }

  #start(command: readonly string[], scratch: string, limits: SandboxLimits): ChildProcess {
    const child = spawn("/bin/sh", ["-c", renderLimits(limits), "sandbox", ...command], {
      cwd: scratch,
      env: { PATH: "/usr/bin:/bin", HOME: scratch, TMPDIR: scratch, LANG: "C.UTF-8" },
      // A group of its own, so that a tool's own children are killed with it.
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#running.add(child);
    return child;
  }
}

/** `ulimit` of POSIX sh: -d in KiB, -f in blocks of 512 bytes, -t in seconds of CPU, -c 0 for no core dumps. */
function renderLimits({ timeMs, memoryBytes, fileBytes }: SandboxLimits): string {
  const limits = {
    c: 0,
    d: Math.ceil(memoryBytes / 1024),
    f: Math.ceil(fileBytes / 512),
    t: Math.ceil(timeMs / 1000) * 2,
  };
  const commands = Object.entries(limits).map(([flag, value]) => `ulimit -${flag} ${value}`);
  return `set -e; ${commands.join("; ")}; exec "$@"`;
}

async function collect(child: ChildProcess): Promise<SandboxResult> {
  const stdout = gather(child, "stdout");
  const stderr = gather(child, "stderr");
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    if (code === 0) return { ok: true, stdout: stdout() };
    return { ok: false, reason: "failed", detail: `${signal ?? `exit ${code}`}: ${stderr().slice(0, 200)}` };
  } catch (error) {
    return { ok: false, reason: "failed", detail: `it could not be started: ${String(error)}` };
  }
}

/** Keeps the first characters of an output and lets the rest go by. */
function gather(child: ChildProcess, name: "stdout" | "stderr"): () => string {
  let text = "";
  child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
    if (text.length < MAX_OUTPUT_CHARACTERS) text += chunk;
  });
  return () => text.slice(0, MAX_OUTPUT_CHARACTERS);
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended in this very moment.
  }
}
