import { PROGRAMS, PROGRAMS_OR_TEXTS, toByteString } from "./content-formats.ts";
import { decodeText, isHtml } from "./content-text.ts";

/** What runs, by a file's first bytes: the same for the edge, which refuses it, and for the processor (R24). */

/** As much as is looked at of a file's beginning. */
export const SNIFFED_BYTES = 4_096;

/** A file's beginning, and how it is looked at. */
export interface Content {
  readonly head: Uint8Array;
  /** The head, one character per byte. */
  readonly bytes: string;
  /** The head, decoded. */
  readonly text: string;
}

/** @param head the first `SNIFFED_BYTES`; fewer only where they are all there is */
export function contentOf(head: Uint8Array): Content {
  return { head, bytes: toByteString(head), text: decodeText(head) };
}

/** Texts that have a form of their own, and are looked at by it. */
const FORMED_TEXTS: ReadonlySet<string> = new Set(["text/rtf", "text/xml"]);
const OTHER_TEXTS: ReadonlySet<string> = new Set(["message/rfc822", "application/json"]);

/** Whether what is of a type is read and not run, so that "MZ" and "#!" are harmless in it. */
export function isReadAsText(declaredType: string): boolean {
  return (
    (declaredType.startsWith("text/") && !FORMED_TEXTS.has(declaredType)) || OTHER_TEXTS.has(declaredType)
  );
}

/** The type of what runs that content shows, and that nothing of the declared type may show; else undefined. */
export function findProgram({ bytes, text }: Content, declaredType: string): string | undefined {
  const isRead = isReadAsText(declaredType);
  const programs = isRead ? PROGRAMS : [...PROGRAMS, ...PROGRAMS_OR_TEXTS];
  const program = programs.find(({ shows }) => shows(bytes));
  if (program !== undefined) return program.name;
  return !isRead && isHtml(text) ? "text/html" : undefined;
}
