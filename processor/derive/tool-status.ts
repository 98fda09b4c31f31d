import { readFileSync } from "node:fs";
import { z } from "zod";
import { TOOL_NAMES } from "./tool-names.ts";

/**
 * What whoever installs the programs tells the processor, in a file: written by the development stack (scripts/dev), read
 * here whenever a job or a heartbeat asks.
 */
export const ToolStatus = z.object({
  /** Under way or about to be. Their programs may be there in part already, so until they are off this list they aren't. */
  installing: z.array(z.enum(TOOL_NAMES)),
  /** Why those that are missing are, and what to do: a sentence. */
  advice: z.string().max(200),
});
export type ToolStatus = z.infer<typeof ToolStatus>;

const NOTHING_KNOWN: ToolStatus = { installing: [], advice: "" };

/** What the file says; nothing where there is none, or none that can be read. */
export function readToolStatus(path: string | undefined): ToolStatus {
  if (path === undefined) return NOTHING_KNOWN;
  try {
    return ToolStatus.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return NOTHING_KNOWN;
  }
}
