import { TenantId } from "#contract/ids.ts";
import type { Plan } from "../../../../worker/db/file-list-plans.ts";
import type { FileFilters, FileListing } from "../../../../worker/db/file-list.ts";

export const TENANT = TenantId.parse("acme");
const NO_FILTERS: FileFilters = { tags: [], search: { words: [], prefix: undefined } };

/** A list of that tenant, of which nothing is said but this. */
export function listingOf(filters: Partial<FileFilters>, more: Partial<FileListing> = {}): FileListing {
  return {
    ...{ tenantId: TENANT, filters: { ...NO_FILTERS, ...filters }, sort: "date", order: "desc" },
    ...{ limit: 51, trash: false, nowMs: Date.now() },
    ...more,
  };
}

/** A plan, in words. */
export function nameOf(plan: Plan): string {
  if (plan.way === "union") return `union of ${plan.parts.map(nameOf).join(" and ")}`;
  return `${plan.way} ${plan.source.index}${plan.listed === undefined ? "" : ", listed"}`;
}
