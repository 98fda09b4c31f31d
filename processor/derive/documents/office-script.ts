import type { SandboxLimits } from "../../sandbox/sandbox.ts";
import { findProgram } from "../programs.ts";
import type { OfficeType } from "./office-types.ts";

/** For a document of some hundred pages on a slow machine. Its largest file is the preview. */
export const OFFICE_LIMITS: SandboxLimits = {
  timeMs: 60_000,
  memoryBytes: 2 * 2 ** 30,
  fileBytes: 65 * 2 ** 20,
};

/** What is shown of a document at most: a table of a million rows has more pages than anybody looks at. */
export const MAX_PAGES = 200;
const OPTIONS = JSON.stringify({ PageRange: { type: "string", value: `1-${MAX_PAGES}` } });

/** The shell command that makes `document.pdf` of `document.<extension>`, with the profile in `profile`. */
export function officeScript({
  extension,
  filter,
  exporter,
}: Pick<OfficeType, "extension" | "filter" | "exporter">): string {
  const flags = ["--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"];
  const command = [
    findProgram("soffice") ?? "soffice",
    ...flags,
    `--infilter=${filter}`,
    ...["--convert-to", `pdf:${exporter}:${OPTIONS}`, "--outdir", ".", `document.${extension}`],
  ];
  return `${command.map(quote).join(" ")} "-env:UserInstallation=file://$PWD/profile"`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
