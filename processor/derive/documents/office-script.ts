import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { LATER, type SandboxLimits } from "../../sandbox/sandbox.ts";
import { findProgram } from "../programs.ts";
import type { OfficeType } from "./office-types.ts";

/** For a document of some hundred pages on a slow machine. Its largest file is the preview. */
export const OFFICE_LIMITS: SandboxLimits = {
  timeMs: 90_000,
  memoryBytes: 2 * 2 ** 30,
  fileBytes: 65 * 2 ** 20,
  scratchBytes: 256 * 2 ** 20,
  processes: 64,
  niceness: LATER,
};

/** What is shown of a document at most: a table of a million rows has more pages than anybody looks at. */
export const MAX_PAGES = 200;
const OPTIONS = JSON.stringify({ PageRange: { type: "string", value: `1-${MAX_PAGES}` } });

/** What ends by this wants to be started again: it has set up its profile (LibreOffice, desktop/source/app/officeipcthread). */
const RESTART = 81;

/**
 * The shell command that makes `document.pdf` of `document.<extension>`, with the profile in `profile`. The program
 * itself and not the script before it, which looks around and starts another to watch it.
 */
export function officeScript({
  extension,
  filter,
  exporter,
}: Pick<OfficeType, "extension" | "filter" | "exporter">): string {
  const flags = ["--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"];
  const command = [
    findOffice(),
    ...flags,
    `--infilter=${filter}`,
    ...["--convert-to", `pdf:${exporter}:${OPTIONS}`, "--outdir", ".", `document.${extension}`],
  ];
  const places = '"-env:UserInstallation=file://$PWD/profile" "-env:OSL_SOCKET_PATH=$PWD"';
  const convert = `${command.map(quote).join(" ")} ${places}`;
  // Any other end is told as it was.
  return `{ ${convert}; code=$?; if test $code -eq ${RESTART}; then ${convert}; else (exit $code); fi; }`;
}

function findOffice(): string {
  const script = findProgram("soffice") ?? "soffice";
  const program = existsSync(script) ? join(dirname(realpathSync(script)), "soffice.bin") : script;
  return existsSync(program) ? program : script;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
