/** Files as lists see them, and what a list is to be: the whole tenant filtered, sorted and cut into pages. */
import fc from "fast-check";
import { FILE_CLASSES } from "#contract/file-types.ts";
import { foldName } from "#contract/names.ts";

export interface ListedFile {
  readonly tenantId: string;
  readonly id: string;
  readonly ownerId: string;
  readonly filename: string;
  readonly entityType: string | null;
  readonly entityId: string | null;
  readonly tags: readonly string[];
  readonly state: string;
  readonly mimeType: string;
  readonly fileClass: string;
  /** Null until it was checked. */
  readonly sha256: string | null;
  /** -1 while it isn't known. */
  readonly sizeBytes: number;
  readonly createdAtMs: number;
  readonly deletedAtMs: number | null;
  readonly isPurging: boolean;
  /** Until when it is shared with whom; null for ever. */
  readonly sharedWith: Readonly<Record<string, number | null>>;
}

/** What is asked for, in the words of the API. */
export interface ListQuery {
  readonly entityType?: string;
  readonly entityId?: string;
  readonly tag?: readonly string[];
  readonly type?: string;
  readonly class?: string;
  readonly sha256?: string;
  readonly state?: string;
  readonly ownerId?: string;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
  readonly q?: string;
  readonly sort?: "date" | "name" | "size";
  readonly order?: "asc" | "desc";
  readonly scope?: "own" | "shared" | "visible" | "all";
  readonly trash?: "true";
}

export interface Asker {
  readonly tenantId: string;
  readonly userId: string;
  readonly role: "member" | "admin" | "service";
  /** The tenant's setting; all members see what is attached to an entity where it isn't given. */
  readonly entityAccess?: "owner" | "tenant";
}

export type SqlValue = string | number | null;

const RESERVE = `INSERT INTO quota_reservations (tenant_id, file_id, version, reserved_bytes, created_at_ms, check_at_ms)
  VALUES (?, ?, 1, ?, ?, 0)`;

/** Statements that make a file as uploading it would; the rest is the triggers'. */
export function insertionOf(
  file: ListedFile,
): readonly (readonly [sql: string, params: readonly SqlValue[]])[] {
  const { tenantId, id, ownerId, createdAtMs } = file;
  return [
    ["INSERT INTO tenants (tenant_id, created_at_ms) VALUES (?, 0) ON CONFLICT DO NOTHING", [tenantId]],
    [
      `INSERT INTO files (tenant_id, id, owner_id, filename, folded_name, current_version, entity_type, entity_id,
        created_at_ms, updated_at_ms, deleted_at_ms, purging_at_ms) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, 0, ?, ?)`,
      [
        ...[tenantId, id, ownerId, file.filename, foldName(file.filename), file.entityType, file.entityId],
        ...[createdAtMs, file.deletedAtMs, file.isPurging ? 1 : null],
      ],
    ],
    [
      `INSERT INTO file_versions (tenant_id, file_id, version, state, declared_type, file_class, size_bytes, created_at_ms)
        VALUES (?, ?, 1, ?, ?, ?, ?, ?)`,
      [
        tenantId,
        id,
        file.state,
        file.mimeType,
        file.fileClass,
        file.sizeBytes < 0 ? null : file.sizeBytes,
        createdAtMs,
      ],
    ],
    // By its check, later than the rest.
    ["UPDATE file_versions SET sha256 = ? WHERE tenant_id = ? AND file_id = ?", [file.sha256, tenantId, id]],
    ...(file.state === "uploading"
      ? [[RESERVE, [tenantId, id, Math.max(0, file.sizeBytes), createdAtMs]] as const]
      : []),
    ...file.tags.map((tag) => {
      return ["INSERT INTO file_tags VALUES (?, ?, ?, ?)", [tenantId, id, tag, createdAtMs]] as const;
    }),
    ...Object.entries(file.sharedWith).map(([userId, expiresAtMs]) => {
      const params = [tenantId, id, userId, ownerId, expiresAtMs];
      return ["INSERT INTO shares VALUES (?, ?, ?, 'view', ?, 0, ?)", params] as const;
    }),
  ];
}

function isSharedWith({ sharedWith }: ListedFile, userId: string, nowMs: number): boolean {
  const until = sharedWith[userId];
  return until === null || (until !== undefined && until > nowMs);
}

function isInScope(file: ListedFile, query: ListQuery, asker: Asker, nowMs: number): boolean {
  const { userId } = asker;
  switch (scopeOf(query, asker)) {
    case "all":
      return true;
    case "own":
      return file.ownerId === userId;
    case "shared":
      return isSharedWith(file, userId, nowMs);
    case "visible": {
      const isOpen = asker.entityAccess !== "owner";
      const isAttached = isOpen && file.entityType !== null && file.entityId !== null;
      return file.ownerId === userId || isAttached || isSharedWith(file, userId, nowMs);
    }
  }
}

function scopeOf({ scope, entityId, trash }: ListQuery, { role }: Asker): NonNullable<ListQuery["scope"]> {
  if (role !== "member") return scope === undefined || scope === "visible" ? "all" : scope;
  if (trash === "true") return "own";
  return scope ?? (entityId === undefined ? "own" : "visible");
}

/** Whether the name is found, said another way than the product does it. */
function isFound({ filename }: ListedFile, q: string): boolean {
  const name = foldName(filename);
  const words = foldName(q)
    .split(/\s+/u)
    .filter((word) => word !== "");
  const [only = ""] = words;
  if (words.length === 1 && Array.from(only).length < 3) return name.startsWith(only);
  return words.every((word) => name.includes(word));
}

/** Facts of a file that a query names by the same word, and that are to be the same. */
function factsOf(file: ListedFile): ListQuery {
  const { entityType, entityId, mimeType, fileClass, sha256, state, ownerId } = file;
  const entity = { ...(entityType !== null && { entityType }), ...(entityId !== null && { entityId }) };
  return {
    ...entity,
    ...(sha256 !== null && { sha256 }),
    ...{ type: mimeType, class: fileClass, state, ownerId },
  };
}

const COMPARED = ["entityType", "entityId", "type", "class", "sha256", "state", "ownerId"] as const;

function isAsked(file: ListedFile, query: ListQuery): boolean {
  const { tag = [], createdAfter = "1970-01-01T00:00:00Z", createdBefore = "2999-01-01T00:00:00Z" } = query;
  const facts = factsOf(file);
  return (
    COMPARED.every((name) => query[name] === undefined || query[name] === facts[name]) &&
    tag.every((each) => file.tags.includes(each)) &&
    Date.parse(createdAfter) <= file.createdAtMs &&
    Date.parse(createdBefore) > file.createdAtMs &&
    isFound(file, query.q ?? "")
  );
}

function sortOf(query: ListQuery): "deletion" | "date" | "name" | "size" {
  return query.trash === "true" ? "deletion" : (query.sort ?? "date");
}

/** Names are in the order of their bytes. */
function compareKeys(a: ListedFile, b: ListedFile, sort: ReturnType<typeof sortOf>): number {
  const bytes = (text: string): Buffer => Buffer.from(text);
  const byValue = {
    date: a.createdAtMs - b.createdAtMs,
    size: a.sizeBytes - b.sizeBytes,
    deletion: (a.deletedAtMs ?? 0) - (b.deletedAtMs ?? 0),
    name: Buffer.compare(bytes(foldName(a.filename)), bytes(foldName(b.filename))),
  }[sort];
  return byValue || Buffer.compare(bytes(a.id), bytes(b.id));
}

/** Which comes first in the list. */
export function compareInList(query: ListQuery): (a: ListedFile, b: ListedFile) => number {
  const sort = sortOf(query);
  const order = query.order ?? (sort === "name" ? "asc" : "desc");
  return (a, b) => compareKeys(a, b, sort) * (order === "asc" ? 1 : -1);
}

/** The whole list, in its order. */
export function expectedList(
  files: readonly ListedFile[],
  query: ListQuery,
  asker: Asker,
  nowMs: number,
): readonly ListedFile[] {
  return files
    .filter((file) => file.tenantId === asker.tenantId && !file.isPurging)
    .filter((file) => (file.deletedAtMs !== null) === (query.trash === "true"))
    .filter(({ state }) => state !== "uploading" || query.state !== undefined || query.trash === "true")
    .filter((file) => isInScope(file, query, asker, nowMs) && isAsked(file, query))
    .toSorted(compareInList(query));
}

export const USERS = ["ann", "bob", "eve"] as const;
const TYPES = ["image/png", "image/heic", "application/pdf", "text/plain"] as const;
const STATES = ["uploading", "quarantined", "clean", "infected", "unscannable"] as const;
/** Few as well. */
const DIGESTS = ["a".repeat(64), "b".repeat(64)] as const;
const TAGS = ["offer", "signed", "a,b", "*"] as const;
/** Few, so that lists have several with the same. */
const WORDS = [
  ...[
    "invoice",
    "Invoice",
    "INVOICE.PDF",
    "Über",
    "uber",
    "ﬁle",
    "file",
    "a",
    "%",
    "_",
    "*",
    '"x"',
    "(AND)",
    "OR",
  ],
  ...[
    "NEAR",
    "-b",
    "^c",
    ":d",
    "合同",
    "請求書",
    "🎉",
    "résumé",
    "re\u0301sume\u0301",
    "2026",
    "한국",
    "\u{10ffff}",
  ],
] as const;

const id = fc.stringMatching(/^[0-9a-hjkmnp-tv-z]{26}$/);
export const filename = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 })
  .chain((words) => fc.constantFrom(" ", "", "_").map((space) => words.join(space)));

/** Times and sizes are few too. */
const timeMs = fc.integer({ min: 1, max: 12 }).map((day) => Date.UTC(2026, 0, day));

function maybe<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.option(value, { nil: null, freq: 5 });
}

export function listedFile(tenantIds: readonly string[], nowMs: number): fc.Arbitrary<ListedFile> {
  const entity = fc.record({ type: fc.constantFrom("contact", "deal"), id: fc.constantFrom("1", "2") });
  const facts = fc.record({
    tenantId: fc.constantFrom(...tenantIds),
    id,
    ownerId: fc.constantFrom(...USERS),
    filename,
    tags: fc.uniqueArray(fc.constantFrom(...TAGS), { maxLength: 3 }),
    state: fc.constantFrom(...STATES),
    mimeType: fc.constantFrom(...TYPES),
    fileClass: fc.constantFrom(...FILE_CLASSES.slice(0, 3)),
    digest: fc.constantFrom(...DIGESTS),
    sizeBytes: fc.constantFrom(-1, 0, 7, 2 ** 40),
    createdAtMs: timeMs,
    deletedAtMs: fc.option(timeMs, { nil: null, freq: 2 }),
    isDying: fc.integer({ max: 9, min: 0 }).map((die) => die === 0),
    sharedWith: fc.dictionary(
      fc.constantFrom(...USERS),
      maybe(fc.constantFrom(nowMs - 1_000, nowMs + 3_600_000)),
      {
        maxKeys: 2,
      },
    ),
  });
  return fc.tuple(facts, maybe(entity)).map(([{ isDying, digest, ...file }, of]) => {
    const belongs = { entityType: of?.type ?? null, entityId: of?.id ?? null };
    // The length of what is stored is known, and what is purged was deleted.
    const sizeBytes = file.state === "uploading" ? file.sizeBytes : Math.max(0, file.sizeBytes);
    const isChecked = file.state !== "uploading" && file.state !== "quarantined";
    const sha256 = isChecked ? digest : null;
    return { ...file, ...belongs, sha256, sizeBytes, isPurging: isDying && file.deletedAtMs !== null };
  });
}

const searched = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.array(fc.constantFrom(...WORDS), { maxLength: 3 }).map((words) => words.join(" ")),
  fc.constantFrom(
    "in",
    "vo",
    "voi",
    "nvoic",
    "IN",
    "合",
    "求書",
    "🎉🎉",
    "ﬁ",
    "e\u0301",
    "한",
    "% _",
    '"',
    "a OR b",
    "u",
  ),
);

/** Queries that the API takes. */
export const listQuery: fc.Arbitrary<ListQuery> = fc
  .record(
    {
      entityType: fc.constantFrom("contact", "deal"),
      entityId: fc.constantFrom("1", "2"),
      tag: fc.array(fc.constantFrom(...TAGS), { maxLength: 2 }),
      type: fc.constantFrom(...TYPES),
      class: fc.constantFrom(...FILE_CLASSES),
      sha256: fc.constantFrom(...DIGESTS),
      state: fc.constantFrom(...STATES),
      ownerId: fc.constantFrom(...USERS),
      createdAfter: timeMs.map((ms) => new Date(ms).toISOString()),
      createdBefore: timeMs.map((ms) => new Date(ms).toISOString()),
      q: searched,
      sort: fc.constantFrom("date", "name", "size"),
      order: fc.constantFrom("asc", "desc"),
      scope: fc.constantFrom("own", "shared", "visible", "all"),
      trash: fc.constant("true"),
    },
    { requiredKeys: [] },
  )
  .chain((query) => someOf(query))
  .map(withoutRefused) as fc.Arbitrary<ListQuery>;

/** Five filters at most, so that something is found. */
function someOf(query: object): fc.Arbitrary<Record<string, unknown>> {
  const keys = Object.keys(query);
  return fc.subarray(keys, { maxLength: Math.min(5, keys.length) }).map((chosen) => only(query, chosen));
}

function only(query: object, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).filter(([key]) => keys.includes(key)));
}

function withoutRefused(query: Record<string, unknown>): Record<string, unknown> {
  const { entityId, sort, scope, ...others } = query;
  return {
    ...others,
    ...(entityId !== undefined && query["entityType"] !== undefined && { entityId }),
    ...(sort !== undefined && query["trash"] === undefined && { sort }),
    ...(scope !== undefined && (scope !== "shared" || query["trash"] === undefined) && { scope }),
  };
}
