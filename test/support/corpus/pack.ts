import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ZipEntry } from "../eicar.ts";

const run = promisify(execFile);

/** What each program is told; what it makes is `packed`. */
const COMMANDS = {
  "7z": (name: string, options: readonly string[]) => ["7z", "a", "-t7z", ...options, "packed", name],
  xz: (name: string) => ["sh", "-c", `xz -c ${name} > packed`],
  qpdf: (name: string, options: readonly string[]) => ["qpdf", ...options, name, "packed"],
} as const;

/** A file packed by a program as people have it. */
export async function packed(
  program: keyof typeof COMMANDS,
  { name, content }: ZipEntry,
  options: readonly string[] = [],
): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-pack-"));
  try {
    await writeFile(join(directory, name), content);
    const [command, ...args] = COMMANDS[program](name, options);
    await run(command ?? "", args, { cwd: directory });
    const made = program === "7z" ? "packed.7z" : "packed";
    return await readFile(join(directory, made));
  } finally {
    await rm(directory, { recursive: true });
  }
}
