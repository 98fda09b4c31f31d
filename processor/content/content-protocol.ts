import { z } from "zod";
import { ACTIVE_CONTENT, ActiveContent } from "#contract/active-content.ts";

/** What there is a reader for in content-child.ts. */
export type ReadKind = "zip" | "compound" | "svg" | "xml" | "rtf";

/** RFC 6838, 4.2. What a file says that it is may be anything. */
const MediaType = z.string().regex(/^[a-z0-9]{1,20}\/[a-z0-9][a-z0-9.+-]{0,126}$/);

/** What the child prints. It comes from a process that read a hostile file, so it is parsed like anything from outside. */
export const ToldFindings = z.object({
  type: MediaType.optional().catch(undefined),
  isEncrypted: z.boolean().optional(),
  active: z.array(ActiveContent).max(ACTIVE_CONTENT.length),
  isComplete: z.boolean(),
});
