/** Programs (and fonts) beside Node that are used on files, by the name that people know them by. */
export const TOOL_NAMES = ["fonts", "libreoffice", "poppler", "qpdf", "ffmpeg", "heif"] as const;
export type ToolName = (typeof TOOL_NAMES)[number];
