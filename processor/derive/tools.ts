import type { ToolState } from "#contract/reports.ts";

/** Programs beside Node that are run on files, by the name that people know them by. */
export const TOOL_NAMES = ["libreoffice", "poppler", "qpdf", "ffmpeg", "heif"] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

/** How it stands with the programs. */
export interface Tools {
  /** `installing`: it will be there in a while, and a job that needs it is worth giving back. */
  stateOf(name: ToolName): ToolState["state"];
  states(): readonly ToolState[];
}

/** Where none is looked for. */
export const ALL_TOOLS_MISSING: Tools = { stateOf: () => "missing", states: () => [] };
