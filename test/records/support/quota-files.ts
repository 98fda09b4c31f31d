import { chargeOf } from "#contract/charges.ts";
import type { FileId } from "#contract/ids.ts";
import { databaseFor } from "../../../worker/db/database.ts";
import { requireFaultOrNone, requireRefused } from "./faults.ts";
import { fileChange } from "./file-changes.ts";
import type { ModelledTenant } from "./modelled-tenant.ts";
import { MIB, QUOTA_BYTES } from "./modelled-tenant.ts";
import type { Happening } from "./quota-happenings.ts";
import type { ModelFile } from "./quota-model.ts";
import { newVersion } from "./quota-model.ts";
import type { QuotaUploads } from "./quota-uploads.ts";
import { insertNewVersion } from "./version-rows.ts";

/** The files of a tenant, and what happens to them. */
export class QuotaFiles {
  readonly #tenant: ModelledTenant;
  readonly #uploads: QuotaUploads;

  constructor(tenant: ModelledTenant, uploads: QuotaUploads) {
    this.#tenant = tenant;
    this.#uploads = uploads;
  }

  async createVersion({ pick, mebibytes, fault, isCut }: Happening): Promise<void> {
    const [fileId, file] = this.#choose(pick, ({ versions }) => versions.size > 0);
    if (fileId === undefined || file === undefined) return;
    const ref = { tenantId: this.#tenant.tenantId, fileId, version: file.last + 1 };
    const bytes = mebibytes * MIB;
    const charge = chargeOf(bytes);
    const expected = this.#tenant.model.admit(charge, charge);
    const { error, landed } = await this.#tenant.attempt(fault, () =>
      insertNewVersion(
        databaseFor(this.#tenant.env, this.#tenant.tenantId),
        ref,
        bytes,
        QUOTA_BYTES,
        this.#tenant.nowMs,
      ),
    );
    if (typeof expected === "string" || !landed) return requireRefused(error);
    this.#tenant.model.addUpload(ref, expected, []);
    file.last = ref.version;
    file.versions.set(ref.version, newVersion());
    if (error === undefined && !isCut) {
      this.#uploads.add(ref, { kind: "file", lengthBytes: bytes, reservedBytes: charge, partials: [] });
    }
  }

  /** What is done with files by others: their rows are changed as they change them. */
  async change({ what, pick, mebibytes, fault }: Happening): Promise<void> {
    const [fileId, file] = this.#choose(pick, () => true);
    if (fileId === undefined || file === undefined) return;
    const stored = [...file.versions].filter(([, { storedBytes }]) => storedBytes !== null);
    const [version] = stored[pick % Math.max(1, stored.length)] ?? [];
    const change = fileChange(what, { file, version, bytes: mebibytes * MIB });
    if (change === undefined) return;
    const ref = { tenantId: this.#tenant.tenantId, fileId, version: version ?? 0 };
    const { error, landed } = await this.#tenant.attempt(fault, () =>
      change.inRecords(this.#tenant.env, ref, this.#tenant.nowMs),
    );
    requireFaultOrNone(error);
    if (landed) change.inModel(this.#tenant.model, ref);
  }

  #choose(pick: number, accept: (file: ModelFile) => boolean): [FileId, ModelFile] | [] {
    const fitting = [...this.#tenant.model.files].filter(([, file]) => accept(file));
    return fitting[pick % Math.max(1, fitting.length)] ?? [];
  }
}
