/** How LibreOffice reads a type, and what a file of it looks like inside. */
export interface OfficeType {
  readonly extension: string;
  /** The one import filter that may read it: content of another kind never finds the parser that it is made for. */
  readonly filter: string;
  readonly exporter: "writer_pdf_Export" | "calc_pdf_Export" | "impress_pdf_Export";
  readonly container: OfficeContainer;
  /** Where the parts of the document are, in a zip. */
  readonly part: string;
}

/** Zip (of Office Open XML or OpenDocument), OLE compound file, Rich Text Format. */
export type OfficeContainer = "ooxml" | "odf" | "ole" | "rtf";

const WRITER = "writer_pdf_Export";
const CALC = "calc_pdf_Export";
const IMPRESS = "impress_pdf_Export";
const RTF: OfficeType = {
  ...{ extension: "rtf", filter: "Rich Text Format", exporter: WRITER, container: "rtf", part: "" },
};
const OOXML = "application/vnd.openxmlformats-officedocument";
const ODF = "application/vnd.oasis.opendocument";

export const EXCEL_TYPE = "application/vnd.ms-excel";

const TYPES: ReadonlyMap<string, OfficeType> = new Map<string, OfficeType>([
  [
    "application/msword",
    { extension: "doc", filter: "MS Word 97", exporter: WRITER, container: "ole", part: "" },
  ],
  [EXCEL_TYPE, { extension: "xls", filter: "MS Excel 97", exporter: CALC, container: "ole", part: "" }],
  [
    "application/vnd.ms-powerpoint",
    { extension: "ppt", filter: "MS PowerPoint 97", exporter: IMPRESS, container: "ole", part: "" },
  ],
  [
    `${OOXML}.wordprocessingml.document`,
    { extension: "docx", filter: "MS Word 2007 XML", exporter: WRITER, container: "ooxml", part: "word/" },
  ],
  [
    `${OOXML}.spreadsheetml.sheet`,
    { extension: "xlsx", filter: "Calc MS Excel 2007 XML", exporter: CALC, container: "ooxml", part: "xl/" },
  ],
  [
    `${OOXML}.presentationml.presentation`,
    {
      extension: "pptx",
      filter: "Impress MS PowerPoint 2007 XML",
      exporter: IMPRESS,
      container: "ooxml",
      part: "ppt/",
    },
  ],
  [
    `${ODF}.text`,
    { extension: "odt", filter: "writer8", exporter: WRITER, container: "odf", part: "content.xml" },
  ],
  [
    `${ODF}.spreadsheet`,
    { extension: "ods", filter: "calc8", exporter: CALC, container: "odf", part: "content.xml" },
  ],
  [
    `${ODF}.presentation`,
    { extension: "odp", filter: "impress8", exporter: IMPRESS, container: "odf", part: "content.xml" },
  ],
  ["application/rtf", RTF],
  ["text/rtf", RTF],
]);

/** Undefined for what is no Office document (contract/derivatives.ts has the same list of names). */
export function officeTypeOf(mimeType: string): OfficeType | undefined {
  return TYPES.get(mimeType);
}
