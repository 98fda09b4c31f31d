import type { FileVersionRef } from "#contract/ids.ts";
import type { DatabaseBindings } from "../../../worker/db/database.ts";
import { databaseFor } from "../../../worker/db/database.ts";
import { upsertDerivative } from "../../../worker/db/derivatives.ts";
import { insertVerdict } from "../../../worker/db/reports.ts";
import type { ModelFile, QuotaModel } from "./quota-model.ts";

/** Something that is done with a file, in its rows and in the model of them. */
export interface FileChange {
  inRecords(env: DatabaseBindings, ref: FileVersionRef, nowMs: number): Promise<unknown>;
  inModel(model: QuotaModel, ref: FileVersionRef): void;
}

interface Subject {
  readonly file: ModelFile;
  /** One that is stored, if there is one. */
  readonly version: number | undefined;
  readonly bytes: number;
}

/** Undefined where it can't be done with this file. */
export function fileChange(what: string, { file, version, bytes }: Subject): FileChange | undefined {
  const of = version === undefined ? undefined : file.versions.get(version);
  switch (what) {
    case "delete":
      return {
        inRecords: setting("deleted_at_ms = 1"),
        inModel: () => Object.assign(file, { isDeleted: true }),
      };
    case "restore":
      return {
        inRecords: setting("deleted_at_ms = NULL"),
        inModel: () => Object.assign(file, { isDeleted: false }),
      };
    case "purge":
      return { inRecords: purge, inModel: (model, { fileId }) => model.files.delete(fileId) };
    case "make-current":
      return (
        of && {
          inRecords: setting(`current_version = ${version}`),
          inModel: () => Object.assign(file, { current: version }),
        }
      );
    case "verdict":
      return (
        of && { inRecords: judge(of.storedBytes ?? 0), inModel: () => Object.assign(of, { isClean: true }) }
      );
    case "derivative":
      if (of?.isClean !== true) return undefined;
      return { inRecords: derive(bytes), inModel: () => Object.assign(of, { derivativesBytes: bytes }) };
  }
  throw new Error(`Nothing is called ${what}.`);
}

function setting(set: string): FileChange["inRecords"] {
  return ({ DB }, { tenantId, fileId }) =>
    DB.prepare(`UPDATE files SET ${set} WHERE tenant_id = ? AND id = ?`).bind(tenantId, fileId).run();
}

const purge: FileChange["inRecords"] = ({ DB }, { tenantId, fileId }) =>
  DB.prepare("DELETE FROM files WHERE tenant_id = ? AND id = ?").bind(tenantId, fileId).run();

function judge(sizeBytes: number): FileChange["inRecords"] {
  return (env, ref, scannedAtMs) => {
    const what = { kind: "verdict", verdict: "clean", engine: "test", signatureVersion: "1" } as const;
    const facts = { etag: "e", sizeBytes, sha256: "0".repeat(64), sniffedType: null, signatureName: null };
    const report = { ...ref, ...what, ...facts, scannedAtMs };
    return insertVerdict(databaseFor(env, ref.tenantId), report, undefined, scannedAtMs);
  };
}

function derive(sizeBytes: number): FileChange["inRecords"] {
  return (env, ref, nowMs) => {
    const what = { kind: "derivative", name: "thumbnail", objectKey: "k", mimeType: "image/webp" } as const;
    const report = { ...ref, ...what, sizeBytes, width: 1, height: 1 };
    return upsertDerivative(databaseFor(env, ref.tenantId), report, nowMs);
  };
}
