import fc from "fast-check";
import { expect, test } from "vitest";
import { newTenantId } from "../support/api.ts";
import type { ListedFile, ListQuery } from "../support/listed-files.ts";
import {
  compareInList,
  expectedList,
  filename,
  listedFile,
  listQuery,
  USERS,
} from "../support/listed-files.ts";
import { list, Listed } from "../support/lists.ts";
import { runs, timeLimitMs } from "../support/runs.ts";

const PAGES = runs(8, 1_000);

/** What may happen between two pages. */
const change = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), file: listedFile(["unused"], 0) }),
  fc.record({ kind: fc.constant("rename" as const), at: fc.nat(), name: filename }),
  fc.record({ kind: fc.constant("remove" as const), at: fc.nat() }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

async function apply(listed: Listed, tenantId: string, each: Change): Promise<void> {
  if (each.kind === "add") return listed.add({ ...each.file, tenantId });
  const file = listed.files[each.at % listed.files.length];
  if (file === undefined) return;
  await (each.kind === "remove" ? listed.remove(file) : listed.rename(file, each.name));
}

/** What of a list comes after its place: that of the last file of the page before, as it was then. */
function restOf(expected: readonly ListedFile[], query: ListQuery, last: ListedFile | undefined) {
  return last === undefined ? expected : expected.filter((each) => compareInList(query)(last, each) < 0);
}

test(
  "lists of any filters in any order are what they are to be, in pages that join while files come, go and are renamed",
  async () => {
    const listed = new Listed();
    const nowMs = Date.now();
    const asker = fc.record({
      userId: fc.constantFrom(...USERS),
      role: fc.constantFrom("member" as const, "admin" as const, "service" as const),
    });
    const run = fc.record({
      files: fc.uniqueArray(listedFile(["here", "there"], nowMs), {
        minLength: 10,
        maxLength: 40,
        selector: ({ id }) => id,
      }),
      asker,
      query: listQuery,
      limit: fc.integer({ min: 1, max: 5 }),
      changes: fc.array(change, { maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(run, async ({ files, asker: who, query: drawn, limit, changes }) => {
        listed.files.length = 0;
        const tenants = { here: newTenantId(), there: newTenantId() };
        await listed.add(...files.map((each) => ({ ...each, tenantId: tenants[each.tenantId as "here"] })));
        const me = { ...who, tenantId: tenants.here };
        const isForbidden = me.role === "member" && drawn.scope === "all";
        const query = isForbidden ? { ...drawn, scope: "own" as const } : drawn;
        const caller = await listed.caller(me);
        const pending = [...changes];
        let cursor: string | null | undefined;
        let last: ListedFile | undefined;
        while (cursor !== null) {
          const page = await list(caller, { ...query, limit, ...(cursor !== undefined && { cursor }) });
          const rest = restOf(expectedList(listed.files, query, me, nowMs), query, last);
          expect(page.items.map(({ id }) => id)).toEqual(rest.slice(0, limit).map(({ id }) => id));
          expect(page.nextCursor === null).toBe(rest.length <= limit);
          last = rest[limit - 1];
          cursor = page.nextCursor;
          const next = pending.shift();
          if (next !== undefined) await apply(listed, me.tenantId, next);
        }
      }),
      { numRuns: PAGES },
    );
  },
  timeLimitMs(1_500, PAGES),
);
