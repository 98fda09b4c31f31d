/**
 * Where tools that parse hostile files run (R68): with limits that the kernel keeps, no environment, a scratch directory
 * as the only place to write into, and apart from our files, our processes and the network, as far as the machine lets
 * us; what holds is found out at start by trying. What a tool says and writes is untrusted. Why it is done like this:
 * docs/decisions/0020-tool-isolation.md
 */
import { lchown, readdir } from "node:fs/promises";
import { basename, join, parse } from "node:path";
import { bubblewrapRung } from "./bubblewrap.ts";
import { FilterFile } from "./filter-file.ts";
import { systemCallFilter } from "./filter.ts";
import { type ChosenRung, chooseRung, type Isolation, isIsolated } from "./ladder.ts";
import { landlockRung } from "./landlock.ts";
import { LIMITS_RUNG } from "./limits-rung.ts";
import type { SandboxLimits } from "./limits.ts";
import { type DoubtfulEnd, Patience } from "./patience.ts";
import { probeRung } from "./probe.ts";
import type { Rung, SandboxJob } from "./rung.ts";
import { ScratchRoom } from "./scratch-room.ts";
import { ScratchWatch } from "./scratch.ts";
import { ToolProcess } from "./tool-process.ts";
import { UserIds } from "./user-ids.ts";
import { systemView } from "./view.ts";

export { LATER, NEXT, type SandboxLimits, SOON } from "./limits.ts";

export type SandboxResult =
  | { readonly ok: true; readonly stdout: string }
  | { readonly ok: false; readonly reason: ToolFault; readonly detail: string };

/** `broken-off`: it could not be started, or somebody else killed it, as the kernel does. */
export type ToolFault = "failed" | DoubtfulEnd;

export interface SandboxOptions {
  /** The operator's word that tools may run where they can't be isolated. */
  readonly withoutIsolation?: boolean;
  /** Told of each tool that failed or took too long, by the name of its program. */
  readonly noteFailure?: (program: string, reason: ToolFault) => void;
  /** For tests: others than this system's. */
  readonly rungs?: readonly Rung[];
}

/** A tool that was started ahead. */
export interface PreparedTool {
  /** Whether it has ended by itself, or somebody ended it. */
  isOver(): boolean;
  /**
   * Gives it its job, from when on its time counts; once. As `Sandbox.run`.
   * @param jobScratch of the job, where that isn't its own
   */
  run(line: string, jobScratch: string, signal: AbortSignal): Promise<SandboxResult>;
  /** Ends one that had no job. */
  end(): Promise<void>;
}

/** Starts tools and knows those that run, so that none outlives the processor. */
export class Sandbox {
  readonly #rung: Rung;
  readonly #filter: FilterFile | undefined;
  readonly #running = new Set<ToolProcess>();
  readonly #userIds = new UserIds();
  readonly #noteFailure: NonNullable<SandboxOptions["noteFailure"]>;
  readonly patience = new Patience();
  readonly room: ScratchRoom;
  /** What holds here. */
  readonly isolation: Isolation;
  /** Without it no tool runs. */
  readonly mayRun: boolean;

  private constructor(
    { rung, isolation }: ChosenRung,
    filter: FilterFile | undefined,
    room: ScratchRoom,
    { withoutIsolation = false, noteFailure = () => {} }: Omit<SandboxOptions, "rungs">,
  ) {
    this.room = room;
    this.#noteFailure = noteFailure;
    this.#rung = rung;
    this.#filter = filter;
    this.isolation = isolation;
    this.mayRun = withoutIsolation || isIsolated(isolation);
  }

  /** Finds out by trials what this machine can do. */
  static async create({ rungs, ...options }: SandboxOptions = {}): Promise<Sandbox> {
    const program = process.platform === "linux" ? systemCallFilter() : undefined;
    const filter = program && (await FilterFile.create(program));
    const room = await ScratchRoom.measure();
    const chosen = await chooseRung(rungs ?? (filter ? LINUX_RUNGS : [LIMITS_RUNG]), (rung) =>
      probeRung(new Sandbox({ rung, isolation: NOTHING_HOLDS }, filter, room, { withoutIsolation: true })),
    );
    return new Sandbox(chosen, filter, room, options);
  }

  get rung(): Rung["name"] {
    return this.#rung.name;
  }

  /**
   * Runs a command. A tool that fails or is too slow is data; throws if `signal` is aborted, and TOOL_BROKEN_OFF for a job
   * that is worth another try (patience.ts).
   * @param scratch its working directory, home and TMPDIR. The files in it are the tool's inputs, which it may
   *   change or be unable to; the plain files that it leaves beside them are there afterwards. Read those by `readProduct`.
   */
  async run(
    command: readonly string[],
    scratch: string,
    limits: SandboxLimits,
    signal: AbortSignal,
  ): Promise<SandboxResult> {
    signal.throwIfAborted();
    if (!this.mayRun) return { ok: false, reason: "failed", detail: "tools can't be isolated here" };
    const tool = await this.#start(command, scratch, limits);
    return this.#follow(tool, { command, scratch, limits }, scratch, signal);
  }

  /**
   * Starts a tool of ours ahead of its one job, isolated as any: it waits for a line on its standard input. Undefined where
   * tools don't run, or it can't be started.
   * @param scratch as of `run`; what will be its inputs is there already, and gets its bytes later
   */
  async prepare(
    command: readonly string[],
    scratch: string,
    limits: SandboxLimits,
  ): Promise<PreparedTool | undefined> {
    if (!this.mayRun) return undefined;
    const tool = await this.#start(command, scratch, limits);
    return {
      isOver: () => tool.isOver,
      run: (line, jobScratch, signal) => {
        tool.tell(line);
        return this.#follow(tool, { command, scratch, limits }, jobScratch, signal);
      },
      end: async () => {
        // The number of one that is over may be another's.
        if (!tool.isOver) tool.kill();
        await tool.ended;
        this.#running.delete(tool);
      },
    };
  }

  /** Kills what runs, at once. For the end of the processor. */
  killAll(): void {
    for (const tool of this.#running) tool.kill();
  }

  async #start(command: readonly string[], scratch: string, limits: SandboxLimits): Promise<ToolProcess> {
    const userId = this.#userIds.next();
    const inputs = await readdir(scratch);
    if (userId !== undefined) await giveTo(userId, scratch, inputs);
    const wrapped = this.#rung.wrap({ command, scratch, inputs, limits, userId });
    await using filter = await this.#filter?.open();
    const tool = new ToolProcess(wrapped, scratch, filter?.fd, limits.niceness ?? 0);
    this.#running.add(tool);
    return tool;
  }

  /** @param jobScratch of the job that it runs for, by which that is known to have had patience */
  async #follow(
    tool: ToolProcess,
    { command, scratch, limits }: Pick<SandboxJob, "command" | "scratch" | "limits">,
    jobScratch: string,
    signal: AbortSignal,
  ): Promise<SandboxResult> {
    const result = await this.#untilEnd(tool, scratch, limits, signal);
    if (result.ok) return result;
    this.#noteFailure(programOf(command), result.reason);
    if (result.reason !== "failed") this.patience.note(jobScratch, result.reason);
    return result;
  }

  async #untilEnd(
    tool: ToolProcess,
    scratch: string,
    { timeMs, scratchBytes }: SandboxLimits,
    signal: AbortSignal,
  ): Promise<SandboxResult> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeMs)]);
    const kill = () => tool.kill();
    deadline.addEventListener("abort", kill, { once: true });
    if (deadline.aborted) kill();
    const watch = this.#rung.boundsScratch ? undefined : new ScratchWatch(scratch, scratchBytes);
    void watch?.watch(kill);
    try {
      const end = await tool.ended;
      signal.throwIfAborted();
      if (deadline.aborted) return { ok: false, reason: "deadline", detail: `over ${timeMs} ms` };
      if (watch?.isOver)
        return {
          ok: false,
          reason: "failed",
          detail: `over ${scratchBytes} bytes, or too many files, in scratch`,
        };
      return end;
    } finally {
      watch?.stop();
      deadline.removeEventListener("abort", kill);
      this.#running.delete(tool);
    }
  }
}

/** From the strongest down. */
export const LINUX_RUNGS: readonly Rung[] = [
  bubblewrapRung(systemView()),
  landlockRung(systemView()),
  LIMITS_RUNG,
];
const NOTHING_HOLDS: Isolation = { network: false, files: false, processes: false, user: false };

/** What a command is known by: its program, the script that Node runs, or what a shell is told that it is. */
function programOf([program = "", ...args]: readonly string[]): string {
  if (program === process.execPath) return parse(args[0] ?? "").name;
  return basename(program) === "sh" ? (args[2] ?? "sh") : basename(program);
}

async function giveTo(userId: number, scratch: string, inputs: readonly string[]): Promise<void> {
  const paths = [scratch, ...inputs.map((name) => join(scratch, name))];
  // Not what a link points to, which a tool that ran before may have made.
  await Promise.all(paths.map((path) => lchown(path, userId, userId)));
}
