import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { FileId } from "#contract/ids.ts";
import { searchTermsOf } from "#contract/names.ts";
import type { Database } from "../../../worker/db/database.ts";
import { databaseFor } from "../../../worker/db/database.ts";
import type { Measures, Plan, PlanOfOne, Question } from "../../../worker/db/file-list-plans.ts";
import { plansOf, questionOf } from "../../../worker/db/file-list-plans.ts";
import type { FileFilters, FileListing } from "../../../worker/db/file-list.ts";
import { listFiles, measureFilters, readPage } from "../../../worker/db/file-list.ts";
import type { Asker, ListedFile, ListQuery } from "../../support/listed-files.ts";
import { expectedList, insertionOf, listedFile, listQuery } from "../../support/listed-files.ts";
import { runs, timeLimitMs } from "../../support/runs.ts";
import type { LocalDatabase } from "./local-database.ts";
import { explain, openLocalDatabase, recordStatements } from "./local-database.ts";
import { listingOf, nameOf, TENANT } from "./support/listings.ts";

let local: LocalDatabase;
let db: Database;
beforeAll(async () => {
  local = await openLocalDatabase();
  db = databaseFor({ DB: local.binding }, TENANT);
});

/** As if one file of each filter had been counted: so every plan there is can be made. */
function fewOfEach({ filters }: Question): Measures["filters"] {
  const measured = { matches: 1, bound: 2 };
  return new Map(
    filters
      .flatMap((filter) => filter.parts ?? [filter])
      .map((filter) => [filter, filter.match ? { ...measured, searchIds: "[1]" } : measured]),
  );
}

describe("every statement of every plan goes by an index", () => {
  /** Each is one filter, or one form of it. */
  const PARTS: readonly Partial<FileFilters>[] = [
    { ownerId: "ann" as FileFilters["ownerId"] },
    { entityType: "deal" },
    { entityType: "deal", entityId: "1" },
    { tags: ["a"] },
    { tags: ["a", "b"] },
    { mimeType: "image/png" },
    { sha256: "a".repeat(64) },
    { fileClass: "image" },
    { state: "unscannable" },
    { createdFromMs: 1 },
    { createdBeforeMs: 9 },
    { createdFromMs: 1, createdBeforeMs: 9 },
    { search: searchTermsOf("ab") },
    { search: searchTermsOf("abc") },
    { search: searchTermsOf("a b") },
    { search: searchTermsOf("abc defg h") },
    { sharedWith: "ann" as FileFilters["ownerId"] },
    { visibleTo: "ann" as FileFilters["ownerId"] },
  ];
  const SINGLE_FILTERS = [
    {},
    ...PARTS,
    ...(["clean", "quarantined", "uploading"] as const).map((state) => ({
      state,
      ownerId: "ann" as FileFilters["ownerId"],
    })),
    { fileClass: "document" as const, tags: ["a"] },
    Object.assign({}, ...PARTS) as Partial<FileFilters>,
  ];
  const PAIRS = PARTS.flatMap((one, index) => PARTS.slice(index + 1).map((other) => ({ ...one, ...other })));
  const FILTERS = [...SINGLE_FILTERS, ...PAIRS];

  /** What waits for a verdict is few, of all tenants, and looked through. */
  const WAITING_STEP = /^SCAN w USING COVERING INDEX file_versions_waiting$/;
  /** Beside it are names that were found, a setting that is asked, and pages that a union is made of. */
  const SCAN =
    /^SCAN (?!found VIRTUAL TABLE|w USING COVERING INDEX file_versions_waiting$|open$|CONSTANT ROW$|\()/;

  /** Steps of the page's own query: what follows are lookups of its rows. */
  function check(steps: readonly string[], plan: Plan, statement: string): void {
    const scans = steps.filter((step) => SCAN.test(step));
    expect(scans, statement).toEqual([]);
    if (plan.way === "union") {
      for (const { source } of plan.parts)
        expect(
          steps.some((step) => step.startsWith("SEARCH") && step.includes(` ${source.index} (`)),
          statement,
        ).toBe(true);
    } else checkOne(steps, plan, statement);
    expect(steps, statement).toContain(
      "SEARCH files USING INDEX sqlite_autoindex_files_1 (tenant_id=? AND id=?)",
    );
  }

  function checkOne(steps: readonly string[], plan: PlanOfOne, statement: string): void {
    const own = steps.filter(
      (step) =>
        WAITING_STEP.test(step) || (step.startsWith("SEARCH") && step.includes(` ${plan.source.index} (`)),
    );
    expect(own, statement).toHaveLength(1);
    const lists = steps.filter((step) => step.startsWith("LIST SUBQUERY"));
    expect(lists, statement).toHaveLength(plan.listed === undefined ? 1 : 2);
    // The page itself is sorted again, when its rows are read; a walk sorts nothing before.
    const sorts = steps.filter((step) => step.startsWith("USE TEMP B-TREE"));
    if (plan.way === "walk") expect(sorts, statement).toHaveLength(1);
  }

  /** A walk goes on where the page before ended, by the index. */
  function checkPlace(steps: readonly string[], { source }: PlanOfOne, statement: string): void {
    const own = steps.find((step) => step.includes(` ${source.index} (`));
    expect(own, statement).toMatch(/,(?:id|file_id)\)[<>]\(\?,\?\)/);
  }

  type Order = Pick<FileListing, "sort" | "order" | "trash">;

  /** Of as many orders each pair of filters has its turn in one; in `npm run test:long` in each. */
  const ONE_PAIR_IN = runs(3, 1);

  /** Lists of that order: a first page and a later one of each. */
  function questionsOf(list: Order): readonly Question[] {
    const later = { value: list.sort === "name" ? "x" : 5, id: FileId.parse("0".repeat(26)) };
    const alike = ORDERS.filter(({ trash }) => trash === list.trash);
    const turn = alike.indexOf(list);
    const pairs = PAIRS.filter((_, index) => (index + turn) % Math.min(ONE_PAIR_IN, alike.length) === 0);
    return [...SINGLE_FILTERS, ...pairs].flatMap((filters) =>
      [undefined, later].map((after) => questionOf(listingOf(filters, { ...list, after }))),
    );
  }

  const ORDERS: readonly Order[] = [
    ...(["date", "name", "size"] as const).flatMap((sort) => [
      { sort, order: "asc", trash: false } as const,
      { sort, order: "desc", trash: false } as const,
    ]),
    ...(["asc", "desc"] as const).map((order) => ({ sort: "deletion", order, trash: true }) as const),
  ];

  test.each(ORDERS)("sorted by $sort, $order", async (list) => {
    const { binding, takeStatements } = recordStatements();
    const recorded = databaseFor({ DB: binding }, TENANT);
    const seen = new Set<string>();
    for (const question of questionsOf(list)) {
      for (const plan of plansOf(question, fewOfEach(question))) {
        await readPage(recorded, question, plan);
        const [statement] = takeStatements();
        if (statement === undefined || seen.has(statement.sql)) continue;
        seen.add(statement.sql);
        const steps = explain(local, statement);
        check(steps, plan, statement.sql);
        if (question.listing.after !== undefined && plan.way === "walk")
          checkPlace(steps, plan, statement.sql);
      }
    }
    expect(seen.size).toBeGreaterThan(list.trash ? runs(50, 100) : runs(250, 500));
  });

  test.each([
    [8, undefined],
    [3, "a".repeat(64)],
  ])(
    "a union of %d tags and words has no more parameters than D1 takes, and there is none of more",
    async (most, sha256) => {
      const all: Partial<FileFilters> = Object.assign({}, ...PARTS.filter(({ sharedWith }) => !sharedWith), {
        sha256,
      });
      const unionsWith = (tags: number) => {
        const filters = { ...all, search: searchTermsOf("ab"), tags: Array.from({ length: tags }, String) };
        const after = { value: "x", id: FileId.parse("0".repeat(26)) };
        const question = questionOf(listingOf(filters, { sort: "name", order: "asc", after }));
        const plans = plansOf(question, fewOfEach(question));
        return { question, unions: plans.filter(({ way }) => way === "union") };
      };
      const { question, unions } = unionsWith(most);
      expect(unions).toHaveLength(1);
      for (const union of unions) await readPage(db, question, union);
      for (const { params } of local.takeStatements()) expect(params.length).toBeLessThanOrEqual(100);
      expect(unionsWith(most + 1).unions).toEqual([]);
    },
  );

  test("what a page shows of its files too: by their ids", async () => {
    const [file] = fc.sample(listedFile([TENANT], 0), { numRuns: 1, seed: 1 });
    if (file === undefined) throw new Error("There is no file.");
    const database = await openLocalDatabase();
    const live = { ...file, deletedAtMs: null, isPurging: false };
    for (const [sql, params] of insertionOf(live)) database.sqlite.prepare(sql).run(...params);
    database.takeStatements();
    expect(await listFiles(databaseFor({ DB: database.binding }, TENANT), listingOf({}))).toHaveLength(1);
    const [, ...details] = database.takeStatements();
    expect(details).toHaveLength(7);
    for (const statement of details) {
      const steps = explain(database, statement).filter(
        (step) => /^(?:SEARCH|SCAN) /.test(step) && !step.includes("json_each"),
      );
      // Verdicts are in two places.
      expect(steps.length, statement.sql).toBeGreaterThan(0);
      for (const step of steps) {
        expect(step, statement.sql).toMatch(
          /^SEARCH (?:\w+ .* \(tenant_id=\? AND file_id=\?\)|tenants USING INDEX tenants_by_id \(tenant_id=\?\))$/,
        );
      }
    }
  });

  test("counting too", async () => {
    for (const filters of FILTERS) {
      await measureFilters(db, questionOf(listingOf(filters)));
      for (const statement of local.takeStatements()) {
        const steps = explain(local, statement);
        const scans = steps.filter((step) =>
          /^SCAN (?!\(|open$|CONSTANT ROW$|w USING COVERING INDEX file_versions_waiting$|file_search VIRTUAL TABLE INDEX 0:M\d+><$)/.test(
            step,
          ),
        );
        expect(scans, statement.sql).toEqual([]);
      }
    }
  });
});

function filtersOf(query: ListQuery, { userId, role }: Asker): FileFilters {
  const scope = query.scope ?? (role === "member" ? "own" : "all");
  const time = (text?: string) => (text === undefined ? undefined : Date.parse(text));
  return {
    ownerId: (scope === "own" ? userId : query.ownerId) as FileFilters["ownerId"],
    sharedWith: (scope === "shared" ? userId : undefined) as FileFilters["ownerId"],
    visibleTo: (scope === "visible" && role === "member" ? userId : undefined) as FileFilters["ownerId"],
    entityType: query.entityType,
    entityId: query.entityId,
    tags: query.tag ?? [],
    mimeType: query.type,
    sha256: query.sha256,
    fileClass: query.class as FileFilters["fileClass"],
    state: query.state as FileFilters["state"],
    createdFromMs: time(query.createdAfter),
    createdBeforeMs: time(query.createdBefore),
    search: searchTermsOf(query.q ?? ""),
  };
}

const RUNS = runs(12, 1_000);
const ADMIN: Asker = { tenantId: TENANT, userId: "ann", role: "admin" };
const MEMBER: Asker = { ...ADMIN, role: "member" };

async function databaseWith(
  files: readonly ListedFile[],
  entityAccess: Asker["entityAccess"],
): Promise<Database> {
  const { sqlite, binding } = await openLocalDatabase();
  for (const [statement, params] of files.flatMap(insertionOf)) sqlite.prepare(statement).run(...params);
  sqlite.prepare("UPDATE tenants SET settings = ?").run(JSON.stringify({ entityAccess }));
  return databaseFor({ DB: binding }, TENANT);
}

test(
  "every plan finds what the list is to have",
  async () => {
    const nowMs = Date.now();
    const files = fc.uniqueArray(listedFile([TENANT, "other"], nowMs), {
      maxLength: 60,
      selector: ({ id }) => id,
    });
    const someQueries = fc.array(listQuery, { minLength: 10, maxLength: 10 });
    const access = fc.constantFrom("tenant" as const, "owner" as const);
    await fc.assert(
      fc.asyncProperty(files, someQueries, access, async (all, queries, entityAccess) => {
        const database = await databaseWith(all, entityAccess);
        for (const query of queries.filter(
          ({ scope, ownerId }) => scope !== "own" || ownerId === undefined,
        )) {
          const isOfMember = query.scope === "visible" && query.trash !== "true";
          const asker = { ...(isOfMember ? MEMBER : ADMIN), entityAccess };
          const expected = expectedList(all, query, asker, nowMs).map(({ id }) => id);
          const sort = query.trash ? "deletion" : (query.sort ?? "date");
          const order = query.order ?? (sort === "name" ? "asc" : "desc");
          const listing = listingOf(filtersOf(query, asker), {
            sort,
            order,
            nowMs,
            limit: 200,
            trash: query.trash === "true",
          });
          const question = questionOf(listing);
          const measured = listing.trash ? new Map() : (await measureFilters(database, question)).filters;
          for (const plan of plansOf(question, measured)) {
            const found = await readPage(database, question, plan);
            expect(
              found.map(({ file }) => file.id),
              nameOf(plan),
            ).toEqual(expected);
          }
          expect((await listFiles(database, listing)).map(({ file }) => file.id)).toEqual(expected);
        }
      }),
      { numRuns: RUNS },
    );
  },
  timeLimitMs(1_000, RUNS),
);
