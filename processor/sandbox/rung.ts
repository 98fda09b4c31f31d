import type { SandboxLimits } from "./limits.ts";

/** One tool to be run. */
export interface SandboxJob {
  readonly command: readonly string[];
  /** Its working directory, home and TMPDIR; absolute. */
  readonly scratch: string;
  /** Names of the files that are in it already. */
  readonly inputs: readonly string[];
  readonly limits: SandboxLimits;
  /** Set if the processor is root: whom the tool runs as, and no other does at that time. */
  readonly userId: number | undefined;
}

/** One way to run tools apart from us. */
export interface Rung {
  readonly name: "bubblewrap" | "landlock" | "limits";
  /** The command that runs the job; it finds the filter of system calls to be read from file descriptor 3. */
  readonly wrap: (job: SandboxJob) => readonly string[];
  /** Whether the kernel keeps `scratchBytes`; where it doesn't, somebody has to look. */
  readonly boundsScratch: boolean;
}

export const FILTER_DESCRIPTOR = 3;

/** Becomes that user, for good, with nothing that root could. */
export function becomeUser(userId: number | undefined): readonly string[] {
  if (userId === undefined) return [];
  const user = [`--reuid=${userId}`, `--regid=${userId}`, "--clear-groups"];
  return ["setpriv", ...user, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", "--"];
}
