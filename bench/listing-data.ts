/**
 * Files for the listing benchmark: one large tenant and a few others, written straight into the SQLite file that
 * miniflare's D1 uses, after the product's own migrations. Drawn from a seed, so that every run has the same.
 *
 * Secondary indexes and triggers are dropped for the while and made again by the SQL that the database itself keeps of
 * them: a million files take a minute or two so, and the tables are as if each file had been uploaded.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { foldName } from "#contract/names.ts";
import { makeNames } from "./listing-names.ts";
import type { Random } from "./random.ts";
import { randomFrom } from "./random.ts";

/** The tenant that is asked; its files are `fileCount`. The others have a twentieth of that each. */
export const LISTED_TENANT = "listed";
const OTHER_TENANTS = ["beside-1", "beside-2", "beside-3"] as const;
const OTHERS_SHARE = 1 / 20;

/** Who has many files, a usual number and few: owners' numbers follow Zipf's law. */
export const OWNERS = { frequent: "user-0", usual: "user-40", rare: "user-999" } as const;
const OWNER_COUNT = 1_000;
/** Who was given how many shares. */
export const SHARED_WITH = { few: "guest-few", many: "guest-many" } as const;

const FIRST_FILE_AT_MS = Date.UTC(2023, 0, 1);
export const LAST_FILE_AT_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

type Weighted<T> = readonly (readonly [value: T, weight: number])[];

const ENTITY_TYPES: Weighted<string | null> = [
  ["contact", 40],
  ["deal", 25],
  ["email", 15],
  ["invoice", 10],
  ["project", 4],
  ["contract", 0.1],
  [null, 5.9],
];
const STATES: Weighted<string> = [
  ["clean", 97.4],
  ["quarantined", 1],
  ["uploading", 0.9],
  ["unscannable", 0.6],
  ["infected", 0.1],
];
const TYPES: Weighted<
  readonly [mimeType: string, fileClass: string, extension: string, typicalBytes: number]
> = [
  [["application/pdf", "document", "pdf", 300_000], 38],
  [["image/jpeg", "image", "jpg", 1_500_000], 22],
  [["image/png", "image", "png", 400_000], 9],
  [
    ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "document", "docx", 80_000],
    12,
  ],
  [["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "document", "xlsx", 60_000], 7],
  [["message/rfc822", "document", "eml", 30_000], 5],
  [["text/csv", "document", "csv", 100_000], 2],
  [["application/zip", "other", "zip", 5_000_000], 2],
  [["audio/mpeg", "audio", "mp3", 4_000_000], 1.7],
  [["video/mp4", "video", "mp4", 40_000_000], 1],
  [["image/heic", "image", "heic", 2_000_000], 0.3],
  [["audio/flac", "audio", "flac", 20_000_000], 0.01],
];
const TAG_COUNT = 300;
const DELETED = 0.02;

function chooser<T>(weighted: Weighted<T>): (random: Random) => T {
  const total = weighted.reduce((sum, [, weight]) => sum + weight, 0);
  const last = weighted.at(-1);
  if (last === undefined) throw new Error("There is nothing to choose from.");
  return (random) => {
    let left = random() * total;
    for (const [value, weight] of weighted) {
      left -= weight;
      if (left < 0) return value;
    }
    return last[0];
  };
}

/** A number below `count`, the small ones more often: the n-th about 1/n as often as the first. */
function zipf(random: Random, count: number): number {
  return Math.floor((count + 1) ** random()) - 1;
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const ID_LENGTH = 26;

function makeId(random: Random): string {
  let id = "";
  for (let length = 0; length < ID_LENGTH; length += 1) id += ALPHABET.charAt(Math.floor(random() * 32));
  return id;
}

const chooseState = chooser(STATES);
const chooseType = chooser(TYPES);
const chooseEntityType = chooser(ENTITY_TYPES);

class Generator {
  readonly #file: StatementSync;
  readonly #tag: StatementSync;
  readonly #random = randomFrom(0x5eed);
  readonly #makeName = makeNames(this.#random);

  constructor(database: DatabaseSync) {
    this.#file =
      database.prepare(`INSERT INTO files (tenant_id, id, owner_id, filename, folded_name, current_version,
      entity_type, entity_id, created_at_ms, updated_at_ms, deleted_at_ms, deleted_by, purge_at_ms, state, size_bytes,
      mime_type, file_class, search_id) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, ?8, ?9, iif(?9 IS NULL, NULL, ?3),
      ?9 + 2592000000, ?10, ?11, ?12, ?13, (?14 << 30) | ?15)`);
    this.#tag = database.prepare("INSERT OR IGNORE INTO file_tags VALUES (?, ?, ?, ?)");
  }

  addTenant(tenantId: string, number: number, fileCount: number): void {
    for (let sequence = 1; sequence <= fileCount; sequence += 1)
      this.#addFile(tenantId, number, sequence, fileCount);
  }

  #addFile(tenantId: string, number: number, sequence: number, fileCount: number): void {
    const random = this.#random;
    const id = makeId(random);
    const [mimeType, fileClass, extension, typicalBytes] = chooseType(random);
    const filename = `${this.#makeName(sequence)}.${extension}`;
    const entityType = chooseEntityType(random);
    const entityId = entityType === null ? null : `${entityType}-${zipf(random, fileCount / 4)}`;
    const createdAtMs = this.#timeOf(sequence / fileCount);
    const deletedAtMs = random() < DELETED ? LAST_FILE_AT_MS + Math.floor(random() * 30 * DAY_MS) : null;
    const sizeBytes = Math.round(typicalBytes * Math.exp(4 * (random() + random() + random() - 1.5)));
    this.#file.run(
      ...[tenantId, id, `user-${zipf(random, OWNER_COUNT)}`, filename, foldName(filename)],
      ...[entityType, entityId, createdAtMs, deletedAtMs, chooseState(random), sizeBytes],
      ...[mimeType, fileClass, number, sequence],
    );
    for (let left = Math.floor(random() * 3); left > 0; left -= 1)
      this.#tag.run(tenantId, id, `tag-${zipf(random, TAG_COUNT)}`, createdAtMs);
  }

  /** Nearly in order: several uploads are begun at once, and clocks differ. */
  #timeOf(part: number): number {
    const atMs = FIRST_FILE_AT_MS + part * (LAST_FILE_AT_MS - FIRST_FILE_AT_MS);
    return Math.floor(atMs + this.#random() * 5_000);
  }
}

/** What of every file follows from its row. */
const DERIVED = `
  INSERT INTO file_versions (tenant_id, file_id, version, state, original_filename, uploaded_by, declared_type, file_class,
    size_bytes, object_key, etag, sha256, created_at_ms, stored_at_ms, announced_at_ms,
    first_verdict, first_scanned_at_ms, first_engine, first_signature_version)
  SELECT tenant_id, id, 1, state, filename, owner_id, mime_type, file_class, size_bytes, 'files/' || id, 'e' || search_id,
    iif(state = 'clean', hex(randomblob(32)), NULL), created_at_ms, created_at_ms, created_at_ms,
    iif(state IN ('clean', 'infected', 'unscannable'), state, NULL), created_at_ms + 1000, 'ClamAV 1.4.6', '27500' FROM files;
  INSERT INTO quota_reservations (tenant_id, file_id, version, reserved_bytes, created_at_ms, check_at_ms)
    SELECT tenant_id, id, 1, 0, created_at_ms, created_at_ms FROM files WHERE state = 'uploading';
  INSERT INTO derivatives SELECT tenant_id, id, 1, 'thumbnail', 'thumbnails/' || id, 'image/webp', 6000, 150, 150, created_at_ms
    FROM files WHERE state = 'clean' AND file_class = 'image';
  INSERT INTO shares SELECT tenant_id, id, '${SHARED_WITH.many}', 'view', owner_id, created_at_ms, NULL
    FROM files WHERE tenant_id = '${LISTED_TENANT}' AND search_id % 50 = 0;
  INSERT INTO shares SELECT tenant_id, id, '${SHARED_WITH.few}', 'view', owner_id, created_at_ms, NULL
    FROM files WHERE tenant_id = '${LISTED_TENANT}' ORDER BY search_id DESC LIMIT 300;
  INSERT INTO file_search (rowid, name) SELECT search_id, folded_name FROM files ORDER BY search_id;
  UPDATE tenants SET
    file_sequence = (SELECT count(*) FROM files WHERE files.tenant_id = tenants.tenant_id),
    file_count = (SELECT count(*) FROM files WHERE files.tenant_id = tenants.tenant_id),
    files_bytes = (SELECT sum(size_bytes) FROM files WHERE files.tenant_id = tenants.tenant_id
      AND state <> 'uploading' AND deleted_at_ms IS NULL),
    trash_bytes = (SELECT sum(size_bytes) FROM files WHERE files.tenant_id = tenants.tenant_id
      AND state <> 'uploading' AND deleted_at_ms IS NOT NULL)`;

/** Runs `fill` without secondary indexes and triggers, and makes them again. */
function withoutIndexes(database: DatabaseSync, fill: () => void): void {
  const made = database
    .prepare(
      "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
    )
    .all();
  for (const { type, name } of made) database.exec(`DROP ${String(type)} "${String(name)}"`);
  fill();
  for (const { sql } of made) database.exec(String(sql));
}

/** Fills a database that has the product's tables and nothing in them. */
export function generateFiles(database: DatabaseSync, fileCount: number): void {
  database.exec("PRAGMA foreign_keys = OFF; PRAGMA cache_size = -200000; BEGIN");
  withoutIndexes(database, () => {
    const generator = new Generator(database);
    const addTenant = database.prepare(
      "INSERT INTO tenants (number, tenant_id, created_at_ms) VALUES (?, ?, ?)",
    );
    for (const [index, tenantId] of [LISTED_TENANT, ...OTHER_TENANTS].entries()) {
      addTenant.run(index + 1, tenantId, FIRST_FILE_AT_MS);
      generator.addTenant(tenantId, index + 1, index === 0 ? fileCount : Math.ceil(fileCount * OTHERS_SHARE));
    }
    database.exec(DERIVED);
    // As little as there can be of what a member may see.
    database.exec(`UPDATE tenants SET settings = '{"entityAccess":"owner"}'`);
  });
  database.exec("COMMIT");
}
