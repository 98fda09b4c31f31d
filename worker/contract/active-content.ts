import { z } from "zod";

/** What makes a file more than what it shows: it runs, fetches, or is two things at once. */
export const ACTIVE_CONTENT = [
  "macros",
  "external-template",
  "dde",
  "javascript",
  "launch",
  "embedded-files",
  "xfa-form",
  "script",
  "polyglot",
] as const;
export const ActiveContent = z.enum(ACTIVE_CONTENT);
export type ActiveContent = z.infer<typeof ActiveContent>;

/** What was found of it in a file. */
export const ActiveFindings = z.object({
  found: z.array(ActiveContent).max(ACTIVE_CONTENT.length),
  /** Whether all was looked at in which there could be more. */
  isComplete: z.boolean(),
});
export type ActiveFindings = Readonly<z.infer<typeof ActiveFindings>>;

/** What a version's properties tell: `unknown` where there may be more than was found, or nothing could be looked for. */
export const TOLD_ACTIVE_CONTENT = [...ACTIVE_CONTENT, "unknown"] as const;
export const ToldActiveContent = z.enum(TOLD_ACTIVE_CONTENT);
export type ToldActiveContent = z.infer<typeof ToldActiveContent>;

/** The findings as they are told; empty for a file that was looked through and has nothing of it. */
export function toldOf({ found, isComplete }: ActiveFindings): readonly ToldActiveContent[] {
  return isComplete ? found : [...found, "unknown"];
}

/** The "signature" of a file that its tenant doesn't want for what is active in it begins so. */
export const ACTIVE_SIGNATURE = "ActiveContent.";

/** The "signature" of a file whose tenant refuses what is active; undefined for one that has nothing of it. */
export function activeSignatureOf(findings: ActiveFindings | undefined): string | undefined {
  if (findings !== undefined && findings.found.length > 0) {
    return `${ACTIVE_SIGNATURE}${findings.found.join("+")}`;
  }
  return findings?.isComplete === true ? undefined : `${ACTIVE_SIGNATURE}unknown`;
}
