/** Types of documents that are containers of one kind or the other. */

const OPEN_XML = "application/vnd.openxmlformats-officedocument.";
export const EPUB_TYPE = "application/epub+zip";
const OPEN_DOCUMENT = "application/vnd.oasis.opendocument.";
const COMPOUND_TYPES: ReadonlySet<string> = new Set([
  "application/msword",
  "application/vnd.ms-excel",
  "application/vnd.ms-powerpoint",
  "application/vnd.ms-outlook",
]);

/** Office Open XML, which is a compound file where it is under a password. */
export function isOpenXmlType(type: string): boolean {
  return type.startsWith(OPEN_XML);
}

/** Documents that are zips. */
export function isZipDocument(type: string): boolean {
  return isOpenXmlType(type) || type.startsWith(OPEN_DOCUMENT) || type === EPUB_TYPE;
}

/** Documents that are compound files ([MS-CFB]). */
export function isCompoundType(type: string): boolean {
  return COMPOUND_TYPES.has(type);
}
