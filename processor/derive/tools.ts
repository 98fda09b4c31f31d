import { existsSync } from "node:fs";
import type { ToolState } from "#contract/reports.ts";
import { findProgram } from "./programs.ts";
import { TOOL_NAMES, type ToolName } from "./tool-names.ts";
import { readToolStatus } from "./tool-status.ts";

export { TOOL_NAMES, type ToolName };

/** How it stands with the programs. */
export interface Tools {
  /** `installing`: it will be there in a while, and a job that needs it is worth giving back. */
  stateOf(name: ToolName): ToolState["state"];
  states(): readonly ToolState[];
}

/** Where none is looked for. */
export const ALL_TOOLS_MISSING: Tools = { stateOf: () => "missing", states: () => [] };

interface ToolFacts {
  /** All of them are needed. */
  readonly programs?: readonly string[];
  /** Of what is no program: one of them is enough. */
  readonly anyOf?: readonly string[];
  /** What isn't made without it: the beginning of a sentence. */
  readonly loss: string;
}

const FACTS: Readonly<Record<ToolName, ToolFacts>> = {
  fonts: {
    anyOf: ["/usr/share/fonts/truetype", "/usr/share/fonts/TTF", "/System/Library/Fonts"],
    loss: "Texts have no thumbnails",
  },
  libreoffice: { programs: ["soffice"], loss: "Office documents have no previews" },
  poppler: {
    programs: ["pdfinfo", "pdftoppm", "pdftotext"],
    loss: "PDFs and Office documents have no thumbnails",
  },
  qpdf: { programs: ["qpdf"], loss: "PDFs aren't made smaller" },
  ffmpeg: { programs: ["ffmpeg", "ffprobe"], loss: "Videos and sounds have no pictures" },
  heif: { programs: ["heif-dec"], loss: "HEIC photos have no pictures" },
};

export interface InstalledToolsOptions {
  /** Folders to look in first, as PATH has them; by default those of PATH. */
  readonly path?: string | undefined;
  /** Where whoever installs them tells how far that is (tool-status.ts). */
  readonly statusFile?: string | undefined;
}

/**
 * The programs of this machine. Looked for whenever somebody asks, so that one that was installed meanwhile counts from
 * then on: that is a dozen names looked up, each time a job needs one and every few seconds for the heartbeat.
 */
export class InstalledTools implements Tools {
  readonly #options: InstalledToolsOptions;

  constructor(options: InstalledToolsOptions = {}) {
    this.#options = options;
  }

  stateOf(name: ToolName): ToolState["state"] {
    if (readToolStatus(this.#options.statusFile).installing.includes(name)) return "installing";
    return this.#missingProgram(name) === undefined ? "ok" : "missing";
  }

  states(): readonly ToolState[] {
    const { installing, advice } = readToolStatus(this.#options.statusFile);
    return TOOL_NAMES.map((name) => {
      const program = this.#missingProgram(name);
      const { loss } = FACTS[name];
      if (installing.includes(name))
        return { name, state: "installing", detail: `${loss} until it is there.` };
      if (program === undefined) return { name, state: "ok", detail: "" };
      return { name, state: "missing", detail: `${loss}: there is no ${program}. ${advice}`.trim() };
    });
  }

  /** What it lacks first, by name. */
  #missingProgram(name: ToolName): string | undefined {
    const { programs = [], anyOf } = FACTS[name];
    if (anyOf?.some((path) => existsSync(path)) === false) return name;
    return programs.find((program) => findProgram(program, this.#options.path) === undefined);
  }
}
