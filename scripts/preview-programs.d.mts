export interface PreviewProgram {
  /** Its name for the processor (processor/derive/tools.ts). */
  readonly tool: "fonts" | "libreoffice" | "poppler" | "qpdf" | "ffmpeg" | "heif";
  readonly program: string;
  /** Packages, with spaces in between. */
  readonly debian: string;
  readonly macos: string;
  /** Of what is no program: paths, of which one is enough. */
  readonly anyOf?: readonly string[];
}

export const PREVIEW_PROGRAMS: readonly PreviewProgram[];
export const PRODUCT_PROGRAMS: readonly Omit<PreviewProgram, "tool" | "anyOf">[];
export function isThere(program: Pick<PreviewProgram, "program" | "anyOf">): boolean;
/** Those that aren't there. */
export function missingPreviewPrograms(): readonly PreviewProgram[];
/** Whether packages can be installed by us: as root, on Debian and its like. */
export function canInstall(): boolean;
/** A sentence for whoever has to install something by hand. */
export function installSentence(missing: readonly Omit<PreviewProgram, "tool">[]): string;
