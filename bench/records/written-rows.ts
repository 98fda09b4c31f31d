import type { Identity } from "#contract/ids.ts";
import { UserId } from "#contract/ids.ts";
import { derivativeKey } from "#contract/keys.ts";
import type { Actor } from "../../worker/db/audit.ts";
import { recordRead } from "../../worker/services/audit.ts";
import { claimKey, settleKey } from "../../worker/services/idempotency.ts";
import { applyReport } from "../../worker/services/reports.ts";
import { recordStoredUpload } from "../../worker/services/stored-uploads.ts";
import { createUpload } from "../../worker/services/uploads.ts";
import { countRows } from "../workers/counted-rows.ts";

/** What a file's records cost in writes, step by step: a row written is a dollar for a million files. */
export interface WrittenRows {
  readonly step: string;
  readonly rows: number;
}

const FILE_BYTES = 1024;
const OBJECT = { objectKey: "unused", etag: "e", sizeBytes: FILE_BYTES };
const RULES = { maxUploadBytes: 1_000_000, defaultQuotaBytes: 1_000_000_000, settings: {}, requestId: null };
const MEANS = {
  objects: { list: async () => ({ keys: [], sizes: [], isAll: true }), remove: async () => {} },
  announce: async () => {},
  tell: () => {},
};
const DERIVATIVES = [
  { name: "thumbnail", mimeType: "image/webp", sizeBytes: 100, width: 8, height: 8 },
  { name: "preview", mimeType: "application/pdf", sizeBytes: 100, width: null, height: null },
] as const;
const EXTENSIONS = { thumbnail: "webp", preview: "pdf" } as const;

/**
 * The rows that D1 bills for a file of a tenant that has some: a document of 1 KiB with two derivatives, and a read of it.
 * @param tags what is declared beside its name: tags and an entity
 */
export async function countWrittenRows(
  real: D1Database,
  tenantId: Identity["tenantId"],
  declared: Readonly<Record<string, string>> = {},
): Promise<readonly WrittenRows[]> {
  const { database, rows } = countRows(real, "rows_written");
  const env = { DB: database };
  const identity = { tenantId, userId: UserId.parse("ann"), role: "member" } as const;
  const actor: Actor = { tenantId, id: "ann", kind: "member", requestId: null };
  const create = () => {
    const metadata = new Map(Object.entries({ filename: "Offer.txt", filetype: "text/plain", ...declared }));
    return createUpload(
      env,
      identity,
      { metadata, lengthBytes: FILE_BYTES },
      { ...RULES, nowMs: Date.now() },
    );
  };
  const steps: WrittenRows[] = [];
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const before = rows();
    const done = await work();
    steps.push({ step: name, rows: rows() - before });
    return done;
  };
  // Its row, which a tenant has once.
  await create();
  const { fileId } = await step("creation", create);
  const ref = { tenantId, fileId, version: 1 };
  const job = { kind: "process", ...ref, ...OBJECT, declaredType: "text/plain", filename: "" } as const;
  await step("stored", () => recordStoredUpload(env, job, { uploader: actor, partials: [] }, Date.now()));
  const verdict = {
    kind: "verdict",
    ...{ ...ref, etag: OBJECT.etag, sizeBytes: FILE_BYTES, sha256: "0".repeat(64) },
    verdict: "clean",
    ...{ signatureName: null, engine: "ClamAV", signatureVersion: "1" },
    ...{ sniffedType: "text/plain", scannedAtMs: Date.now() },
  } as const;
  await step("verdict", () => applyReport(env, MEANS, verdict, Date.now()));
  for (const made of DERIVATIVES) {
    const objectKey = derivativeKey(ref, made.name, EXTENSIONS[made.name]);
    const report = { kind: "derivative", ...ref, ...made, objectKey } as const;
    await step(made.name, () => applyReport(env, MEANS, report, Date.now()));
  }
  await step("read", () => recordRead(env, { actor, fileId, version: 1, atMs: Date.now() }, []));
  return steps;
}

const DAY_MS = 24 * 3_600_000;

/** The rows of an `Idempotency-Key`: taken, settled with an answer, and removed as another comes a day later. */
export async function countKeyRows(
  real: D1Database,
  tenantId: Identity["tenantId"],
): Promise<{ readonly taken: number; readonly settled: number; readonly removed: number }> {
  const { database, rows } = countRows(real, "rows_written");
  const env = { DB: database };
  const requestOf = (keyHash: string) => ({ tenantId, keyHash, fingerprint: "f", leaseMs: 1_000 });
  const beganAtMs = Date.now();
  const claim = await claimKey(env, requestOf("first"), beganAtMs);
  const taken = rows();
  if (!("takenId" in claim)) throw new Error("The key has been taken before.");
  const answer = { text: "answer", goodUntilMs: Number.MAX_SAFE_INTEGER };
  await settleKey(env, requestOf("first"), claim.takenId, answer);
  const settled = rows() - taken;
  await claimKey(env, requestOf("second"), beganAtMs + DAY_MS);
  return { taken, settled, removed: rows() - taken - settled - taken };
}
