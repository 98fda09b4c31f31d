import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserId } from "#contract/ids.ts";
import type { EntityCounts, FileList } from "#contract/listing.ts";
import { foldName } from "#contract/names.ts";
import type { Caller } from "../support/api.ts";
import { newCaller, newTenantId, readProblem } from "../support/api.ts";
import type { Asker, ListedFile, ListQuery } from "../support/listed-files.ts";
import {
  compareInList,
  expectedList,
  filename,
  insertionOf,
  listedFile,
  listQuery,
  USERS,
} from "../support/listed-files.ts";
import { runs, timeLimitMs } from "../support/runs.ts";
import type { WorkerAlone } from "../support/worker-alone.ts";
import { startWorkerAlone } from "../support/worker-alone.ts";

const DAY_MS = 86_400_000;

/** A worker whose files are written into its database as they are to be: by uploads a test of lists would take hours. */
class Listed {
  readonly files: ListedFile[] = [];
  readonly #worker: WorkerAlone;

  private constructor(worker: WorkerAlone) {
    this.#worker = worker;
  }

  static async start(): Promise<Listed> {
    return new Listed(await startWorkerAlone());
  }

  async add(...files: readonly ListedFile[]): Promise<void> {
    await this.run(files.flatMap(insertionOf));
    this.files.push(...files);
  }

  async rename(file: ListedFile, name: string): Promise<void> {
    const params = [name, foldName(name), file.tenantId, file.id];
    await this.run([
      ["UPDATE files SET filename = ?, folded_name = ? WHERE tenant_id = ? AND id = ?", params],
    ]);
    this.files.splice(this.files.indexOf(file), 1, { ...file, filename: name });
  }

  async remove(file: ListedFile): Promise<void> {
    await this.run([["DELETE FROM files WHERE tenant_id = ? AND id = ?", [file.tenantId, file.id]]]);
    this.files.splice(this.files.indexOf(file), 1);
  }

  async run(statements: readonly (readonly [string, readonly (string | number | null)[]])[]): Promise<void> {
    if (statements.length === 0) return;
    const database = await this.#worker.miniflare.getD1Database("DB", "causeway");
    await database.batch(statements.map(([sql, params]) => database.prepare(sql).bind(...params)));
  }

  caller({ tenantId, userId, role }: Asker): Promise<Caller> {
    return newCaller({
      tenantId: tenantId as Caller["tenantId"],
      user: UserId.parse(userId),
      role,
      stack: this.#worker,
    });
  }
}

let made = 0;
function file(tenantId: string, facts: Partial<ListedFile> = {}): ListedFile {
  made += 1;
  return {
    ...{ tenantId, id: String(made).padStart(26, "0"), ownerId: "ann", filename: `${made}.txt` },
    ...{ entityType: null, entityId: null, tags: [], state: "clean", mimeType: "text/plain" },
    ...{ fileClass: "document", sizeBytes: 1, createdAtMs: Date.UTC(2026, 0, 1) + made * DAY_MS },
    ...{ deletedAtMs: null, isPurging: false, sharedWith: {} },
    ...facts,
  };
}

function textOf(query: object): string {
  const pairs = Object.entries(query).flatMap(([key, value]) =>
    [value].flat().map((each): [string, string] => [key, String(each)]),
  );
  return new URLSearchParams(pairs).toString();
}

async function list(caller: Caller, query: object = {}): Promise<FileList> {
  const answer = await caller.fetch(`/v1/files?${textOf(query)}`);
  if (answer.status !== 200) throw new Error(`The list answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as FileList;
}

async function names(caller: Caller, query: object = {}): Promise<readonly string[]> {
  return (await list(caller, query)).items.map((item) => item.filename);
}

async function refusal(caller: Caller, query: object): Promise<unknown> {
  return readProblem(await caller.fetch(`/v1/files?${textOf(query)}`));
}

const PAGES = runs(25, 1_000);

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
    const listed = await Listed.start();
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

test("a search takes what is typed as it is, folded, and nothing as syntax", async () => {
  const listed = await Listed.start();
  const tenantId = newTenantId();
  const NAMES = [
    ...[
      "Invoice 2026.pdf",
      "100% done.txt",
      "100 done.txt",
      "under_score.txt",
      "under score.txt",
      "star*.txt",
    ],
    ...[
      'say "hi".txt',
      "(draft) AND more.txt",
      "near-miss.txt",
      "Résumé.pdf",
      "résumé2.pdf".normalize("NFD"),
    ],
    ...[
      "ﬁnal.txt",
      "ＦＵＬＬ.txt",
      "合同2026.pdf",
      "年度報告書.pdf",
      "🎉party🎉.png",
      "ÅNGSTRÖM.txt",
      "İstanbul.txt",
      "pizza.txt",
      "zz",
    ],
  ];
  await listed.add(...NAMES.map((each) => file(tenantId, { filename: each })));
  await listed.add(file(newTenantId(), { filename: "Invoice of another.pdf" }));
  const caller = await listed.caller({ tenantId, userId: "ann", role: "member" });
  const TABLE: readonly (readonly [q: string, found: readonly string[]])[] = [
    ["invoice", ["Invoice 2026.pdf"]],
    ["2026 INVOICE", ["Invoice 2026.pdf"]],
    ["2026 invoice zz", []],
    ["nvoic", ["Invoice 2026.pdf"]],
    ["202", ["Invoice 2026.pdf", "合同2026.pdf"]],
    ["100%", ["100% done.txt"]],
    ["10_", []],
    ["r_s", ["under_score.txt"]],
    ["und_r", []],
    ["under_", ["under_score.txt"]],
    ["star*", ["star*.txt"]],
    ["sta*", []],
    ['"hi"', ['say "hi".txt']],
    ['say "hi"', ['say "hi".txt']],
    ['"invoice 2026"', []],
    ["(draft)", ["(draft) AND more.txt"]],
    ["draft AND", ["(draft) AND more.txt"]],
    ["invoice AND 2026", []],
    ["invoice OR draft", []],
    ["NEAR(near miss)", []],
    ["near-miss", ["near-miss.txt"]],
    ["-miss", ["near-miss.txt"]],
    ["name:invoice", []],
    ["^invoice", []],
    ["resume", ["Résumé.pdf", "résumé2.pdf".normalize("NFD")]],
    ["re\u0301sume\u0301", ["Résumé.pdf", "résumé2.pdf".normalize("NFD")]],
    ["final", ["ﬁnal.txt"]],
    ["ﬁ", ["ﬁnal.txt"]],
    ["full", ["ＦＵＬＬ.txt"]],
    ["angstrom", ["ÅNGSTRÖM.txt"]],
    ["istanbul", ["İstanbul.txt"]],
    ["合同", ["合同2026.pdf"]],
    ["報告書", ["年度報告書.pdf"]],
    ["報告", []],
    ["報告 2026", []],
    ["年度 報告", ["年度報告書.pdf"]],
    ["🎉party", ["🎉party🎉.png"]],
    ["🎉", ["🎉party🎉.png"]],
    ["ty🎉", ["🎉party🎉.png"]],
    ["z", ["zz"]],
    ["zz", ["zz"]],
    ["  zz ", ["zz"]],
    ["zz a", ["pizza.txt"]],
    ["zzz", []],
    ["un", ["under_score.txt", "under score.txt"]],
    ["%", []],
    ["_", []],
    ["\u0301", NAMES],
    ["   ", NAMES],
    ["", NAMES],
    ["\u0000invoice\u0000", ["Invoice 2026.pdf"]],
  ];
  for (const [q, found] of TABLE) {
    const said = await names(caller, { q });
    expect([...said].toSorted(), q).toEqual([...found].toSorted());
    for (const sort of ["name", "size"])
      expect([...(await names(caller, { q, sort }))].toSorted(), q).toEqual([...found].toSorted());
  }
});

test("who lists what: scopes, roles, shares that ended, and the trash", async () => {
  const listed = await Listed.start();
  const tenantId = newTenantId();
  const hour = 3_600_000;
  const nowMs = Date.now();
  await listed.add(
    file(tenantId, { filename: "ann's" }),
    file(tenantId, { filename: "bob's", ownerId: "bob" }),
    file(tenantId, { filename: "shared", ownerId: "bob", sharedWith: { ann: null } }),
    file(tenantId, { filename: "shared until later", ownerId: "bob", sharedWith: { ann: nowMs + hour } }),
    file(tenantId, { filename: "shared until before", ownerId: "bob", sharedWith: { ann: nowMs - hour } }),
    file(tenantId, { filename: "ann's trash", deletedAtMs: nowMs - 2 }),
    file(tenantId, { filename: "ann's older trash", deletedAtMs: nowMs - 9 }),
    file(tenantId, {
      filename: "bob's trash",
      ownerId: "bob",
      deletedAtMs: nowMs - 5,
      sharedWith: { ann: null },
    }),
    file(tenantId, { filename: "ann's purging", deletedAtMs: nowMs - 1, isPurging: true }),
    file(newTenantId(), { filename: "another tenant's", sharedWith: { ann: null } }),
  );
  const [ann, admin, service] = await Promise.all([
    listed.caller({ tenantId, userId: "ann", role: "member" }),
    listed.caller({ tenantId, userId: "ann", role: "admin" }),
    listed.caller({ tenantId, userId: "crm", role: "service" }),
  ]);
  const ALL = ["shared until before", "shared until later", "shared", "bob's", "ann's"];
  const TABLE: readonly (readonly [Caller, object, readonly string[]])[] = [
    [ann, {}, ["ann's"]],
    [ann, { scope: "own" }, ["ann's"]],
    [ann, { scope: "own", ownerId: "ann" }, ["ann's"]],
    [ann, { ownerId: "bob" }, []],
    [ann, { scope: "shared" }, ["shared until later", "shared"]],
    [ann, { scope: "shared", ownerId: "bob" }, ["shared until later", "shared"]],
    [ann, { trash: "false" }, ["ann's"]],
    [ann, { trash: "true" }, ["ann's trash", "ann's older trash"]],
    [ann, { trash: "true", order: "asc" }, ["ann's older trash", "ann's trash"]],
    [ann, { trash: "true", q: "older" }, ["ann's older trash"]],
    [admin, {}, ALL],
    [admin, { scope: "all" }, ALL],
    [admin, { scope: "own" }, ["ann's"]],
    [admin, { scope: "shared" }, ["shared until later", "shared"]],
    [admin, { ownerId: "ann" }, ["ann's"]],
    [admin, { trash: "true" }, ["ann's trash", "bob's trash", "ann's older trash"]],
    [admin, { trash: "true", scope: "own" }, ["ann's trash", "ann's older trash"]],
    [admin, { trash: "true", ownerId: "bob" }, ["bob's trash"]],
    [service, {}, ALL],
    [service, { scope: "own" }, []],
    [service, { scope: "shared" }, []],
  ];
  for (const [caller, query, expected] of TABLE)
    expect(await names(caller, query), textOf(query)).toEqual(expected);

  expect(await refusal(ann, { scope: "all" })).toMatchObject({ status: 403, code: "ROLE_REQUIRED" });
  expect(await refusal(ann, { scope: "all", trash: "true" })).toMatchObject({ code: "ROLE_REQUIRED" });
  const [trashed] = (await list(ann, { trash: "true" })).items;
  expect(trashed).toMatchObject({
    state: "deleted",
    deletedAt: new Date(nowMs - 2).toISOString(),
    isPublic: false,
  });
  expect((await list(ann)).items[0]).toMatchObject({ state: "clean", deletedAt: null });
});

test("a cursor is of one list: of its filters, order, tenant and caller", async () => {
  const listed = await Listed.start();
  const tenantId = newTenantId();
  const facts = { tags: ["a", "b"], entityType: "deal", entityId: "1", filename: "abc.txt" };
  await listed.add(...[1, 2, 3].map(() => file(tenantId, facts)));
  const ann = await listed.caller({ tenantId, userId: "ann", role: "member" });
  const query = {
    tag: ["a", "b"],
    entityType: "deal",
    q: "abc",
    createdAfter: "2026-01-01T00:00:00Z",
    limit: 1,
  };
  const { nextCursor: cursor } = await list(ann, query);
  expect(cursor).toMatch(/^[\w-]+$/);
  expect((await list(ann, { ...query, cursor })).items).toHaveLength(1);
  expect((await list(ann, { ...query, tag: ["b", "a"], limit: 2, cursor })).nextCursor).toBeNull();

  const other = {
    status: 400,
    code: "REQUEST_INVALID",
    errors: [{ path: "cursor", message: expect.any(String) }],
  };
  const CHANGES: readonly object[] = [
    { tag: ["a"] },
    { entityType: "contact" },
    { entityId: "1" },
    { q: "ab" },
    { createdAfter: "2026-01-02T00:00:00Z" },
    { createdBefore: "2027-01-02T00:00:00Z" },
    { sort: "name" },
    { sort: "size" },
    { order: "asc" },
    { scope: "shared" },
    { trash: "true" },
    { class: "document" },
    { type: "text/plain" },
    { state: "clean" },
  ];
  for (const change of CHANGES)
    expect(await refusal(ann, { ...query, cursor, ...change }), textOf(change)).toMatchObject(other);
  const strangers = await Promise.all([
    listed.caller({ tenantId, userId: "bob", role: "member" }),
    listed.caller({ tenantId, userId: "ann", role: "admin" }),
    listed.caller({ tenantId: newTenantId(), userId: "ann", role: "member" }),
  ]);
  for (const stranger of strangers)
    expect(await refusal(stranger, { ...query, cursor })).toMatchObject(other);

  const [value, id, hash] = JSON.parse(Buffer.from(cursor ?? "", "base64url").toString()) as unknown[];
  const encode = (content: unknown) => Buffer.from(JSON.stringify(content)).toString("base64url");
  expect((await list(ann, { ...query, cursor: encode([value, id, hash]) })).items).toHaveLength(1);
  const BAD = [
    [String(value), id, hash],
    [value, "x", hash],
    [value, id],
    [1.5, id, hash],
    [null, id, hash],
    {},
    1,
  ];
  for (const content of BAD)
    expect(await refusal(ann, { ...query, cursor: encode(content) })).toMatchObject(other);
  for (const text of [
    "",
    "x",
    "%",
    `${cursor}x`,
    "a".repeat(8_193),
    Buffer.from([0xff]).toString("base64url"),
  ])
    expect(await refusal(ann, { ...query, cursor: text }), text).toMatchObject(other);
});

describe("a query that isn't right is refused, naming what", () => {
  const GOOD = {
    tag: ["a", "b"],
    q: "abc",
    type: "Image/PNG",
    entityType: "deal",
    entityId: "1",
    limit: 200,
  };
  const DATES = { createdAfter: "2026-01-01T00:00:00.5+02:00", createdBefore: "2026-01-01T00:00:00Z" };
  test.each<readonly [path: string, change: object]>([
    ["limit", { limit: 0 }],
    ["limit", { limit: 201 }],
    ["limit", { limit: 1.5 }],
    ["limit", { limit: [1, 2] }],
    ["type", { type: "image" }],
    ["type", { type: "image/*" }],
    ["class", { class: "images" }],
    ["state", { state: "deleted" }],
    ["state", { state: ["clean", "infected"] }],
    ["ownerId", { ownerId: "a b" }],
    ["createdAfter", { createdAfter: "2026-01-01" }],
    ["createdAfter", { createdAfter: "1767225600" }],
    ["createdBefore", { createdBefore: "yesterday" }],
    ["sort", { sort: "type" }],
    ["order", { order: "up" }],
    ["scope", { scope: "mine" }],
    ["trash", { trash: "1" }],
    ["sort", { trash: "true", sort: "date" }],
    ["scope", { trash: "true", scope: "shared" }],
    ["tag", { tag: Array.from({ length: 11 }, (_, index) => `t${index}`) }],
    ["tag.0", { tag: "" }],
    ["q", { q: "x".repeat(201) }],
    ["q", { q: Array.from({ length: 21 }, (_, index) => `${index + 10}x`).join(" ") }],
    ["entityId", { entityType: [], entityId: "1" }],
    ["unknown", { unknown: "1" }],
  ])("%s %j", async (path, change) => {
    const caller = await newCaller();
    await list(caller, { ...GOOD, ...DATES });
    const problem = await refusal(caller, { ...GOOD, ...change });
    expect(problem).toMatchObject({ status: 400, code: "REQUEST_INVALID" });
    expect((problem as { errors: readonly { path: string }[] }).errors.map((error) => error.path)).toContain(
      path,
    );
  });
});

describe("counts of entities", () => {
  const DEAL = { entityType: "deal", entityId: "1" };
  const count = (caller: Caller, body: unknown) =>
    caller.fetch("/v1/entities/counts", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  test("are of what the caller may see, in the order of the request", async () => {
    const listed = await Listed.start();
    const tenantId = newTenantId();
    await listed.add(
      file(tenantId, { ...DEAL, sizeBytes: 5, sharedWith: { bob: null } }),
      file(tenantId, { ...DEAL, sizeBytes: 2 ** 40, ownerId: "bob" }),
      file(tenantId, { ...DEAL, sizeBytes: -1, state: "uploading" }),
      file(tenantId, { ...DEAL, sizeBytes: 100, deletedAtMs: 1 }),
      file(tenantId, { entityType: "contact", entityId: "1", sizeBytes: 7 }),
      file(tenantId, { ...DEAL, entityId: '2"', sizeBytes: 3 }),
      file(newTenantId(), { ...DEAL, sizeBytes: 1000 }),
    );
    const items = [
      { entityType: "contact", entityId: "1" },
      DEAL,
      { ...DEAL, entityId: '2"' },
      { ...DEAL, entityId: "3" },
      DEAL,
    ];
    const of = async (userId: string, role: Asker["role"], scope?: string) => {
      const answer = await count(await listed.caller({ tenantId, userId, role }), { items, scope });
      expect(answer.status).toBe(200);
      const counted = (await answer.json()) as EntityCounts;
      expect(counted.items.map(({ entityType, entityId }) => ({ entityType, entityId }))).toEqual(items);
      return counted.items.map(({ files, bytes }) => [files, bytes]);
    };
    const deals = [3, 5 + 2 ** 40];
    expect(await of("boss", "admin")).toEqual([[1, 7], deals, [1, 3], [0, 0], deals]);
    expect(await of("ann", "member")).toEqual([
      [1, 7],
      [2, 5],
      [1, 3],
      [0, 0],
      [2, 5],
    ]);
    expect(await of("bob", "member")).toEqual([
      [0, 0],
      [1, 2 ** 40],
      [0, 0],
      [0, 0],
      [1, 2 ** 40],
    ]);
    expect(await of("bob", "member", "shared")).toEqual([
      [0, 0],
      [1, 5],
      [0, 0],
      [0, 0],
      [1, 5],
    ]);
    expect(await of("eve", "service", "own")).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const refused = await count(await listed.caller({ tenantId, userId: "ann", role: "member" }), {
      items,
      scope: "all",
    });
    expect(await readProblem(refused)).toMatchObject({ status: 403, code: "ROLE_REQUIRED" });
  });

  test.each<readonly [string, unknown]>([
    ["none", { items: [] }],
    ["more than 200", { items: Array.from({ length: 201 }, () => DEAL) }],
    ["one without an id", { items: [{ entityType: "deal" }] }],
    ["one with more", { items: [{ ...DEAL, more: 1 }] }],
    ["something else beside", { items: [DEAL], more: 1 }],
    ["no list", {}],
  ])("of %s are refused", async (_, body) => {
    const caller = await newCaller();
    const most = await count(caller, { items: Array.from({ length: 200 }, () => DEAL) });
    expect(((await most.json()) as EntityCounts).items).toHaveLength(200);
    expect(await readProblem(await count(caller, body))).toMatchObject({
      status: 400,
      code: "REQUEST_INVALID",
    });
  });
});
