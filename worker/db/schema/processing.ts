import { sql } from "drizzle-orm";
import { check, index, integer, primaryKey, sqliteTable, sqliteView, text } from "drizzle-orm/sqlite-core";
import type { DerivativeName } from "../../contract/derivatives.ts";
import type { UserId } from "../../contract/ids.ts";
import type { PageImageName } from "../../contract/page-images.ts";
import type { ConfiguredTarget } from "../../contract/replicas.ts";
import type { ToolState } from "../../contract/reports.ts";
import { VERDICTS } from "../../contract/version-states.ts";
import { fileId, tenantId } from "./columns.ts";
import { ofVersion } from "./files.ts";

/** A fact: what an engine said of a version at a time. The newest decides the version's state. */
const verdictColumns = () => ({
  tenantId: tenantId(),
  fileId: fileId(),
  version: integer("version").notNull(),
  scannedAtMs: integer("scanned_at_ms").notNull(),
  verdict: text("verdict", { enum: VERDICTS }).notNull(),
  signatureName: text("signature_name"),
  engine: text("engine").notNull(),
  signatureVersion: text("signature_version").notNull(),
  /** Of a person's verdict, whose engine is "person": who, and why. */
  decidedBy: text("decided_by").$type<UserId>(),
  reason: text("reason"),
});

/** Verdicts behind the first, which is in its version's row, and first ones of before that was so. */
export const laterVerdicts = sqliteTable("verdicts", verdictColumns(), (t) => [
  primaryKey({ columns: [t.tenantId, t.fileId, t.version, t.scannedAtMs] }),
  ofVersion(t),
  check("verdicts_verdict", sql`${t.verdict} IN ('clean', 'infected', 'unscannable')`),
]);

/** All verdicts, wherever they are: what is read of them. */
export const verdicts = sqliteView("all_verdicts", verdictColumns()).existing();

export const derivatives = sqliteTable(
  "derivatives",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    version: integer("version").notNull(),
    /** Which ones there are is the contract's matter: more of them take no other table. */
    name: text("name").$type<DerivativeName | PageImageName>().notNull(),
    objectKey: text("object_key").notNull(),
    mimeType: text("mime_type").notNull(),
    /** 0 of a page's image that was asked for and isn't there yet; created is when it was asked for. */
    sizeBytes: integer("size_bytes").notNull(),
    width: integer("width"),
    height: integer("height"),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.fileId, t.version, t.name] }), ofVersion(t)],
);

/** Derivatives that there is nothing to make of, or that could not be made. One that comes after all takes its row away. */
export const missingDerivatives = sqliteTable(
  "missing_derivatives",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    version: integer("version").notNull(),
    name: text("name").$type<DerivativeName | PageImageName>().notNull(),
    state: text("state", { enum: ["none", "failed"] }).notNull(),
    /** A sentence for people. */
    reason: text("reason").notNull(),
    /** How often that was reported. */
    attempts: integer("attempts").notNull().default(1),
    atMs: integer("at_ms").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.fileId, t.version, t.name] }),
    ofVersion(t),
    check("missing_derivatives_state", sql`${t.state} IN ('none', 'failed')`),
  ],
);

/** Jobs that were tried as often as jobs are, the newest of each version. A verdict or a derivative takes its row away. */
export const failedJobs = sqliteTable(
  "failed_jobs",
  {
    tenantId: tenantId(),
    fileId: fileId(),
    version: integer("version").notNull(),
    /** Of the fault that it ended with. */
    code: text("code").notNull(),
    /** A sentence for people. */
    detail: text("detail").notNull(),
    attempts: integer("attempts").notNull(),
    failedAtMs: integer("failed_at_ms").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.fileId, t.version] }),
    index("failed_jobs_by_time").on(t.tenantId, t.failedAtMs, t.fileId, t.version),
    ofVersion(t),
  ],
);

/** The newest sign of life of each processor; `/health` is made of it. */
export const processorHeartbeats = sqliteTable("processor_heartbeats", {
  processorId: text("processor_id").primaryKey(),
  /** When it came, by the worker's clock. */
  atMs: integer("at_ms").notNull(),
  scanner: text("scanner", { enum: ["ok", "down"] }).notNull(),
  scannerDetail: text("scanner_detail").notNull(),
  signatureVersion: text("signature_version"),
  queue: text("queue", { enum: ["ok", "down"] }).notNull(),
  /** When it was made, by the processor's: one that isn't newer than the last is a copy of an old one. */
  sentAtMs: integer("sent_at_ms").notNull().default(0),
  /** Jobs that wait in the queue, where the processor knows. */
  backlog: integer("backlog"),
  tools: text("tools", { mode: "json" }).$type<readonly ToolState[]>().notNull().default([]),
  /** Replica targets that it has. */
  targets: text("targets", { mode: "json" }).$type<readonly ConfiguredTarget[]>().notNull().default([]),
});
