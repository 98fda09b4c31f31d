import { z } from "zod";

/** What a user that a file is shared with may do; each includes the ones before it. */
export const SHARE_PERMISSIONS = ["view", "download", "delete"] as const;
export const SharePermission = z.enum(SHARE_PERMISSIONS);
export type SharePermission = z.infer<typeof SharePermission>;
