import { ApiError } from "../core/problem.ts";
import type { Texts } from "./texts/texts.ts";

/** Why something wasn't done, as a sentence. */
export function whyOf(error: unknown, { common }: Texts): string {
  if (error instanceof ApiError) return common.problem(error.problem);
  return error instanceof Error ? error.message : String(error);
}
