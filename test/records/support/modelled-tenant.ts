import type { FileId, Identity } from "#contract/ids.ts";
import { UserId } from "#contract/ids.ts";
import type { DatabaseBindings } from "../../../worker/db/database.ts";
import { newTenantId } from "./databases.ts";
import type { Attempted, Fault, FaultyDatabase } from "./faults.ts";
import { QuotaModel } from "./quota-model.ts";

export const MIB = 1024 * 1024;
export const QUOTA_BYTES = 700 * MIB;

/** A tenant whose records are in a real database, beside the model of what they are to be. */
export class ModelledTenant {
  readonly model = new QuotaModel(QUOTA_BYTES);
  readonly env: DatabaseBindings;
  readonly identity: Identity = { tenantId: newTenantId(), userId: UserId.parse("ann"), role: "member" };
  /** What time it is for whatever happens to it. */
  nowMs = 1_000;
  readonly #faulty: FaultyDatabase;

  constructor(faulty: FaultyDatabase) {
    this.#faulty = faulty;
    this.env = { DB: faulty.binding };
  }

  get tenantId() {
    return this.identity.tenantId;
  }

  /** Does `work` with a fault in it, and says whether the call that changes something (the first) was carried out. */
  async attempt<T>(
    fault: Fault | undefined,
    work: () => Promise<T>,
  ): Promise<Attempted<T> & { landed: boolean }> {
    const attempted = await this.#faulty.attempt(fault, work);
    return { ...attempted, landed: attempted.calls > 0 && !(fault?.call === 0 && fault.when === "before") };
  }

  async reservedIds(): Promise<ReadonlySet<FileId>> {
    const { results } = await this.env.DB.prepare(
      "SELECT file_id FROM quota_reservations WHERE tenant_id = ?",
    )
      .bind(this.tenantId)
      .all<{ file_id: FileId }>();
    return new Set(results.map(({ file_id: fileId }) => fileId));
  }
}
