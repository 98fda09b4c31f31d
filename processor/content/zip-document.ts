import type { Findings } from "./findings.ts";
import { findInOpenDocument } from "./open-document.ts";
import { findInOpenXml } from "./open-xml.ts";
import { EPUB_TYPE } from "./types.ts";
import { ZipParts } from "./zip-parts.ts";

/** OCF 3.3, 4.3; OpenDocument 1.3 part 2, 3.3: the type of an EPUB, and of an OpenDocument. */
const MIMETYPE = "mimetype";
const CONTENT_TYPES = "[content_types].xml";
const ENCRYPTION = "meta-inf/encryption.xml";

/** What a zip is, by its parts, and what is active in it. Throws NotLookedThrough. */
export async function lookIntoZip(path: string): Promise<Findings> {
  const parts = await ZipParts.open(path);
  try {
    return { ...(await lookIntoParts(parts)), ...(parts.hasEncrypted ? { isEncrypted: true } : {}) };
  } finally {
    parts.close();
  }
}

async function lookIntoParts(parts: ZipParts): Promise<Findings> {
  const names = new Set(parts.names);
  if (names.has(CONTENT_TYPES)) return findInOpenXml(parts, CONTENT_TYPES);
  const told = (await parts.read(MIMETYPE))?.toString("latin1").trim();
  if (told === EPUB_TYPE) {
    // Fonts are packed so by every second publisher; what is protected from its reader has rights beside it.
    const isEncrypted = names.has(ENCRYPTION) && names.has("meta-inf/rights.xml");
    return { type: EPUB_TYPE, active: [], isComplete: true, isEncrypted };
  }
  if (told !== undefined || names.has("meta-inf/manifest.xml")) return findInOpenDocument(parts, told);
  return { type: "application/zip", active: [], isComplete: true };
}
