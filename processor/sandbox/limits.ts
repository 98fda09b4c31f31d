/** What a tool may take, kept by the kernel where it can. Each tool has its own: processor/derive/. */
export interface SandboxLimits {
  /** By the clock. CPU time of one process: twice as much. */
  readonly timeMs: number;
  /** Data segment of each process. Node itself takes about 0.85 GiB of it, most of that reserved and never touched. */
  readonly memoryBytes: number;
  /** Of each file that is written. */
  readonly fileBytes: number;
  /** Of all that is written into the scratch directory, what is there before not counted. */
  readonly scratchBytes: number;
  /** Threads count. Node has about 12, and as many as it has cores on top. */
  readonly processes: number;
  /** How far it steps back behind what people wait for, as nice(1) counts; 0 where nothing is said. */
  readonly niceness?: number;
}

/** Of pictures: behind the scan of a small file, before all else. */
export const SOON = 2;
/** Of looks into documents, and of what takes a fraction of a second of a document or a video. */
export const NEXT = 5;
/** Of conversions that take seconds or minutes of a core. */
export const LATER = 8;

const OPEN_FILES = 1024;

/**
 * A prefix that sets the limits of the process that it becomes. `ulimit` of POSIX sh: -d in KiB, -f in blocks of 512
 * bytes, -t in seconds of CPU, -c 0 for no core dumps. The number of processes is -p in dash and -u in bash.
 * @param processes undefined where the kernel would count those of others too
 */
export function limitCommand(limits: SandboxLimits, processes: number | undefined): readonly string[] {
  const values = {
    c: 0,
    d: Math.ceil(limits.memoryBytes / 1024),
    f: Math.ceil(limits.fileBytes / 512),
    n: OPEN_FILES,
    t: Math.ceil(limits.timeMs / 1000) * 2,
  };
  const commands = Object.entries(values).map(([flag, value]) => `ulimit -${flag} ${value}`);
  if (processes !== undefined)
    commands.push(`{ ulimit -p ${processes} || ulimit -u ${processes}; } 2>/dev/null`);
  return ["/bin/sh", "-c", `set -e; ${commands.join("; ")}; exec "$@"`, "limits"];
}
