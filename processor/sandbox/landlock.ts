/**
 * The rung for where there are no namespaces to be had, which is so in a container under Docker's default rules. The
 * tool sees our processes and runs as our user, but the kernel's Landlock lets it open only what it needs, and trace
 * nobody; the filter of system calls keeps it from the network, from sending signals, and from leaving the process
 * group by which it is killed. It can tell that other files exist, and not what is in them: its view has no /proc.
 */
import { statSync } from "node:fs";
import { limitCommand } from "./limits.ts";
import { becomeUser, FILTER_DESCRIPTOR, type Rung, type SandboxJob } from "./rung.ts";
import { DEVICES, type SystemView } from "./view.ts";

const READ_FILE = "execute,read-file";
/** The kernel takes what is said of directories for directories only. */
const READ_DIRECTORY = `${READ_FILE},read-dir`;
const WRITE =
  "read-file,read-dir,write-file,truncate,make-reg,make-dir,make-sym,make-sock,remove-file,remove-dir,refer";
/** The kernel counts all that the user runs, the processor and other tools among them. */
const PROCESSES_OF_OTHERS = 512;

export function landlockRung(view: SystemView): Rung {
  const rules = readRules(view);
  return { name: "landlock", boundsScratch: false, wrap: (job) => wrap(job, rules) };
}

/**
 * What starts a program of ours that reads uploads and has to serve others, such as a scanner: it keeps the network and its
 * signals, and of files has what tools have. It can't trace a process that isn't bound so, nor read its environment.
 */
export function landlockService(view: SystemView, writable: readonly string[]): readonly string[] {
  const rules = [...readRules(view), ...writable.map((path) => allow(WRITE, path))];
  return ["setpriv", "--no-new-privs", "--landlock-access=fs", ...rules, "--"];
}

function readRules(view: SystemView): readonly string[] {
  return [
    ...view.readable.map((path) => allow(statSync(path).isDirectory() ? READ_DIRECTORY : READ_FILE, path)),
    ...DEVICES.map((path) => allow("read-file,write-file", path)),
  ];
}

function wrap({ command, scratch, limits, userId }: SandboxJob, rules: readonly string[]): readonly string[] {
  const others = userId === undefined ? PROCESSES_OF_OTHERS : 0;
  return [
    // Before the user changes: the descriptor is ours.
    ...["setpriv", "--no-new-privs", `--seccomp-filter=/dev/fd/${FILTER_DESCRIPTOR}`, "--"],
    ...becomeUser(userId),
    ...["setpriv", "--no-new-privs", "--pdeathsig=KILL", "--landlock-access=fs"],
    ...rules,
    allow(WRITE, scratch),
    "--",
    ...limitCommand(limits, limits.processes + others),
    ...command,
  ];
}

function allow(accesses: string, path: string): string {
  return `--landlock-rule=path-beneath:${accesses}:${path}`;
}
