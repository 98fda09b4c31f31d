/**
 * The process that looks into documents: started by sandboxed-look.ts in a sandbox, with a kind of file and its path as its
 * only arguments. It reads that one file and prints what it found; what it stumbles over, or takes too long or too much memory
 * for, ends it and nothing else.
 */
import { lookIntoCompoundFile } from "./compound-document.ts";
import type { ReadKind } from "./content-protocol.ts";
import { type Findings, NOT_LOOKED_THROUGH, NotLookedThrough } from "./findings.ts";
import { lookIntoRichText } from "./rich-text.ts";
import { lookIntoSvg, lookIntoXml } from "./text-document.ts";
import { lookIntoZip } from "./zip-document.ts";

const READERS: Readonly<Record<ReadKind, (path: string) => Promise<Findings>>> = {
  zip: lookIntoZip,
  compound: lookIntoCompoundFile,
  svg: lookIntoSvg,
  xml: lookIntoXml,
  rtf: lookIntoRichText,
};

async function look(kind: ReadKind, path: string): Promise<Findings> {
  try {
    return await READERS[kind](path);
  } catch (error) {
    if (error instanceof NotLookedThrough) return NOT_LOOKED_THROUGH;
    throw error;
  }
}

// The processor holds the other end: if it is killed, nobody waits for this.
process.stdin.on("end", () => process.exit(1)).resume();

const [, , kind, path = ""] = process.argv;
process.stdout.write(JSON.stringify(await look(kind as ReadKind, path)));
process.exit(0);
