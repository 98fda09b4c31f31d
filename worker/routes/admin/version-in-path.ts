import { z } from "@hono/zod-openapi";
import { FileVersionRef } from "#contract/ids.ts";
import { parseHeaderInteger } from "#contract/tus.ts";
import type { AppContext } from "../../app-env.ts";

/** A version of the caller's own tenant, as paths name one. */
export const VersionInPath = z.object({ fileId: z.string(), version: z.string() });

/** Undefined for what can't name a version. */
export function findRef(
  c: AppContext,
  { fileId, version }: z.infer<typeof VersionInPath>,
): FileVersionRef | undefined {
  const { tenantId } = c.get("identity");
  return FileVersionRef.safeParse({ tenantId, fileId, version: parseHeaderInteger(version) }).data;
}
