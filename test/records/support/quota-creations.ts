import { chargeOf } from "#contract/charges.ts";
import type { FileId } from "#contract/ids.ts";
import { newFileId } from "#contract/ids.ts";
import { createPartialUpload, createUpload } from "../../../worker/services/uploads.ts";
import { requireRefused } from "./faults.ts";
import type { ModelledTenant } from "./modelled-tenant.ts";
import { QUOTA_BYTES } from "./modelled-tenant.ts";
import type { Happening } from "./quota-happenings.ts";
import { newFile } from "./quota-model.ts";
import type { QuotaUploads } from "./quota-uploads.ts";
import type { Kind, SimulatedUpload } from "./simulated-upload.ts";
import { DOCUMENT_BYTES, MAX_UPLOAD_BYTES, STEP_BYTES } from "./simulated-upload.ts";

/** How much is asked for at least and at most. */
function wantedOf(lengthBytes: number | null): readonly [number, number] {
  const atLeast = chargeOf(lengthBytes ?? 0);
  return [atLeast, lengthBytes === null ? STEP_BYTES : atLeast];
}

/** Creations of uploads, which are admitted or not. */
export class QuotaCreations {
  readonly #tenant: ModelledTenant;
  readonly #uploads: QuotaUploads;

  constructor(tenant: ModelledTenant, uploads: QuotaUploads) {
    this.#tenant = tenant;
    this.#uploads = uploads;
  }

  async create(
    { fault, isCut }: Happening,
    kind: Kind,
    lengthBytes: number | null,
    partials: SimulatedUpload["partials"],
  ): Promise<void> {
    const expected = this.#tenant.model.admit(...wantedOf(lengthBytes), partials);
    const idsBefore = await this.#tenant.reservedIds();
    const { value, error, landed } = await this.#tenant.attempt(fault, () =>
      this.#askFor(kind, lengthBytes, partials),
    );
    if (typeof expected === "string") return requireRefused(error, expected);
    if (!landed) return requireRefused(error);
    const fileId = value?.fileId ?? (await this.#findAdmitted(idsBefore, kind));
    const ref = { tenantId: this.#tenant.tenantId, fileId: fileId ?? newFileId(), version: 1 };
    this.#tenant.model.addUpload(ref, expected, partials);
    // What its partials had more reserved than they became is free all the same.
    if (fileId === undefined) return this.#tenant.model.forget(ref);
    if (kind !== "partial") this.#tenant.model.files.set(fileId, newFile());
    if (value === undefined || isCut) return;
    if (value.reservedBytes !== expected)
      throw new Error(`Reserved ${value.reservedBytes}, not ${expected}.`);
    this.#uploads.add(ref, { kind, lengthBytes, reservedBytes: expected, partials });
  }

  /**
   * The id of an upload whose answer was lost, which only the database knows. A final one was forgotten at once, if that
   * could be done.
   */
  async #findAdmitted(idsBefore: ReadonlySet<FileId>, kind: Kind): Promise<FileId | undefined> {
    const fileId = [...(await this.#tenant.reservedIds())].find((id) => !idsBefore.has(id));
    if (fileId !== undefined || kind === "final") return fileId;
    throw new Error("There is no reservation of what was admitted.");
  }

  #askFor(kind: Kind, lengthBytes: number | null, partials: SimulatedUpload["partials"]) {
    const nowMs = this.#tenant.nowMs;
    const rules = { maxUploadBytes: MAX_UPLOAD_BYTES, defaultQuotaBytes: QUOTA_BYTES, settings: {}, nowMs };
    if (kind === "partial")
      return createPartialUpload(this.#tenant.env, this.#tenant.identity, lengthBytes, rules);
    const named = Object.entries({ filename: "a.txt", tags: "a,b" });
    const declared = { metadata: new Map(named), lengthBytes, partials };
    return createUpload(this.#tenant.env, this.#tenant.identity, declared, {
      ...rules,
      requestId: null,
    });
  }

  async createFinal(happening: Happening): Promise<void> {
    const complete = this.#uploads.choose(({ kind, phase }) => kind === "partial" && phase === "done");
    if (complete.length === 0) return;
    // One that follows may be the same again.
    const chosen = [happening.pick, happening.pick * 7, happening.pick * 7].slice(
      0,
      1 + (happening.pick % 3),
    );
    const partials = chosen.flatMap((pick) => {
      const upload = complete[pick % complete.length];
      return upload === undefined ? [] : [{ ...upload.ref, sizeBytes: upload.offsetBytes }];
    });
    const lengthBytes = partials.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    if (lengthBytes > DOCUMENT_BYTES) return;
    await this.create(happening, "final", lengthBytes, partials);
  }
}
