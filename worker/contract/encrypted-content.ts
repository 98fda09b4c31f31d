import { FORMATS, toByteString } from "./content-formats.ts";

/** What nobody can look into without a password, by a file's first bytes: it could not be checked, and is refused. */

export const ENCRYPTED_SENTENCE =
  "The file is protected by a password, so it can't be checked for viruses. Remove the password and upload it again.";

/** APPNOTE.TXT 4.4.4, of the first entry: bit 0 of its flags. */
const ZIP_ENTRY = "PK\u0003\u0004";
const FLAGS_OFFSET = 6;
/** [MS-OFFCRYPTO] 2.3.4.4: the stream of an encrypted document, in the directory of its compound file. */
const ENCRYPTED_PACKAGE = "EncryptedPackage".split("").join("\0");

/**
 * Whether a file begins as an encrypted zip or Office document does. What doesn't show it here the processor finds; of PDFs
 * it does so alone, because most that are encrypted have no password that a reader needs.
 * @param head the first 4,096 bytes; fewer only where they are all there is
 */
export function isEncrypted(head: Uint8Array): boolean {
  const bytes = toByteString(head);
  if (bytes.startsWith(ZIP_ENTRY)) return (bytes.charCodeAt(FLAGS_OFFSET) & 1) === 1;
  return FORMATS.cfb.shows(bytes) && bytes.includes(ENCRYPTED_PACKAGE);
}
