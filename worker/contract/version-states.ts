import { z } from "zod";

/** What a check of a version's bytes comes to. Only `clean` is ever served. */
export const VERDICTS = ["clean", "infected", "unscannable"] as const;
export const Verdict = z.enum(VERDICTS);
export type Verdict = z.infer<typeof Verdict>;

/** How a version stands: on its way, waiting for its check, or as the check found it. */
export const VERSION_STATES = ["uploading", "quarantined", ...VERDICTS] as const;
export const VersionState = z.enum(VERSION_STATES);
