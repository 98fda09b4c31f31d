import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** landlock_create_ruleset, and mount, by processor (asm/unistd_64.h, asm-generic/unistd.h). */
const CALLS = process.arch === "arm64" ? [444, 40] : [444, 165];

/**
 * A prefix under which a command finds a kernel without Landlock that lets nobody mount: a filter of system calls, as
 * struct sock_filter (linux/filter.h): load the call's number; if it is one of them, EPERM; else allow.
 * @param directory where the filter is put
 */
export async function withoutIsolation(directory: string): Promise<readonly string[]> {
  const [landlock = 0, mount = 0] = CALLS;
  const program = [
    ...[0x20, 0, 0, 0],
    ...[0x15, 2, 0, landlock],
    ...[0x15, 1, 0, mount],
    ...[0x06, 0, 0, 0x7fff0000],
    ...[0x06, 0, 0, 0x00050001],
  ];
  const bytes = Buffer.alloc(program.length * 2);
  for (let at = 0; at < program.length; at += 4) {
    const [code = 0, ifTrue = 0, ifFalse = 0, value = 0] = program.slice(at, at + 4);
    bytes.writeUInt16LE(code, at * 2);
    bytes.writeUInt8(ifTrue, at * 2 + 2);
    bytes.writeUInt8(ifFalse, at * 2 + 3);
    bytes.writeUInt32LE(value, at * 2 + 4);
  }
  const path = join(directory, "filter");
  await writeFile(path, bytes);
  return ["setpriv", "--no-new-privs", `--seccomp-filter=${path}`, "--"];
}
