import { ACTIVE_SIGNATURE, type ActiveContent } from "./active-content.ts";
import { ENCRYPTED_SENTENCE } from "./encrypted-content.ts";
import type { Verdict } from "./version-states.ts";

/** Why a version is blocked, in sentences for who uploaded it: by the "signature" of its verdict, in one table. */

const WORDS: Readonly<Record<ActiveContent, string>> = {
  macros: "macros",
  "external-template": "a reference to a template or object elsewhere",
  dde: "links that start programs (DDE)",
  javascript: "JavaScript",
  launch: "an action that starts a program",
  "embedded-files": "embedded files",
  "xfa-form": "a form that may run scripts (XFA)",
  script: "scripts",
  polyglot: "two kinds of file at once",
};

const TOO_MUCH = "The file is larger, or unpacks to more, than can be checked for viruses.";
const DAMAGED_ARCHIVE =
  "The archive is damaged, or packed in a way that can't be checked for viruses. Pack it anew and upload it again.";
const UNCLEAR_MAIL =
  "The mail is written in a way that can't be checked for viruses. Save its attachments and upload those.";
const NO_ANSWER = "The virus scanner could not check the file.";

/** The first that a name begins with. */
const SENTENCES: readonly (readonly [string, string])[] = [
  ["Encrypted.", ENCRYPTED_SENTENCE],
  ["Heuristics.Encrypted.", ENCRYPTED_SENTENCE],
  ["Heuristics.Limits.", TOO_MUCH],
  ["Limits.", TOO_MUCH],
  ["Zip.Limits.", TOO_MUCH],
  ["Gzip.Limits.", TOO_MUCH],
  [
    "Type.ZipBehindMedia",
    "The file has an archive behind its sound or film, which can't be checked for viruses.",
  ],
  ["Type.MacrosNotDeclared", "The document has macros, but its name says that it has none."],
  ["Type.", "The file is not what its name says that it is."],
  ["Digest.", "The file is not the one that was announced. Upload it again."],
  [
    "VirusTotal.Unknown",
    "VirusTotal doesn't know the file, and nothing else is allowed to tell whether it is harmless.",
  ],
  ["VirusTotal.Suspicious", "VirusTotal finds the file suspicious."],
  ["VirusTotal.", NO_ANSWER],
  ["Scanner.", NO_ANSWER],
  [
    "Processor.",
    "The program that checks files broke down over this one, several times: it could not be checked.",
  ],
  ["SevenZip.", DAMAGED_ARCHIVE],
  ["Zip.", DAMAGED_ARCHIVE],
  ["Tar.", DAMAGED_ARCHIVE],
  ["Gzip.", DAMAGED_ARCHIVE],
  ["Mail.", UNCLEAR_MAIL],
];

interface Blocked {
  readonly verdict: Verdict;
  readonly signatureName: string | null;
}

/** A sentence; null for what is clean. */
export function blockReasonOf({ verdict, signatureName }: Blocked): string | null {
  if (verdict === "clean") return null;
  const name = signatureName ?? "";
  if (verdict === "infected") return `The file contains malware${name === "" ? "" : `: ${name}`}.`;
  if (name.startsWith(ACTIVE_SIGNATURE)) return describeActive(name.slice(ACTIVE_SIGNATURE.length));
  return (
    SENTENCES.find(([start]) => name.startsWith(start))?.[1] ?? "The file could not be checked for viruses."
  );
}

function describeActive(kinds: string): string {
  if (kinds === "unknown") {
    return "Whether the file has macros, scripts or the like in it could not be told, and such files are not accepted here.";
  }
  const words = kinds.split("+").map((kind) => WORDS[kind as ActiveContent] ?? kind);
  const last = words.at(-1) ?? "";
  const list = words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${last}` : last;
  return `The file contains ${list}, and such files are not accepted here.`;
}
