import type { ActiveContent } from "#contract/active-content.ts";
import type { CompoundEntry, CompoundFile } from "./compound-file.ts";
import type { Findings } from "./findings.ts";

/** Records of a workbook ([MS-XLS] 2.3), of which the ones about the whole come first. */
const RECORD = { end: 0x000a, filePass: 0x002f, boundSheet: 0x0085, supBook: 0x01ae } as const;
/** [MS-XLS] 2.4.28: a sheet of macros, as they were before there was Visual Basic. */
const MACRO_SHEET = 1;
/** [MS-XLS] 2.5.277: a link to a program has this between its name and what it is asked. */
const DDE_SEPARATOR = 3;
const MAX_GLOBALS_BYTES = 8 * 2 ** 20;

/** What is active in a workbook before 2007, beside its Visual Basic. */
export async function lookIntoWorkbook(compound: CompoundFile, stream: CompoundEntry): Promise<Findings> {
  const bytes = await compound.readStream(stream, MAX_GLOBALS_BYTES);
  const found = new Set<ActiveContent>();
  let isEncrypted = false;
  for (let at = 0; at + 4 <= bytes.length;) {
    const kind = bytes.readUInt16LE(at);
    const body = bytes.subarray(at + 4, at + 4 + bytes.readUInt16LE(at + 2));
    if (kind === RECORD.end) return { isEncrypted, active: [...found], isComplete: true };
    if (kind === RECORD.filePass) isEncrypted = true;
    if (kind === RECORD.boundSheet && body[5] === MACRO_SHEET) found.add("macros");
    if (kind === RECORD.supBook && isDdeLink(body)) found.add("dde");
    at += 4 + bytes.readUInt16LE(at + 2);
  }
  return { isEncrypted, active: [...found], isComplete: false };
}

/** [MS-XLS] 2.4.271: how many sheets, how long the path, the path. */
function isDdeLink(body: Buffer): boolean {
  const pathLength = body.length < 5 ? 0 : body.readUInt16LE(2);
  return pathLength > 0 && pathLength <= 0xff && body.subarray(5).includes(DDE_SEPARATOR);
}
