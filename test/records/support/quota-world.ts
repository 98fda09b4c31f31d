import { eq } from "drizzle-orm";
import { databaseFor } from "../../../worker/db/database.ts";
import { tenants } from "../../../worker/db/schema/tenants.ts";
import { getQuota } from "../../../worker/services/quota.ts";
import { differencesOf } from "./counted-rows.ts";
import type { FaultyDatabase } from "./faults.ts";
import { MIB, ModelledTenant, QUOTA_BYTES } from "./modelled-tenant.ts";
import { QuotaCreations } from "./quota-creations.ts";
import { QuotaFiles } from "./quota-files.ts";
import type { Happening } from "./quota-happenings.ts";
import type { QuotaModel } from "./quota-model.ts";
import { keyOf } from "./quota-model.ts";
import { QuotaUploads } from "./quota-uploads.ts";

/** A tenant with its uploads and its files, to which things happen in any order. */
export class QuotaWorld {
  readonly #tenant: ModelledTenant;
  readonly #uploads: QuotaUploads;
  readonly #creations: QuotaCreations;
  readonly #files: QuotaFiles;
  /** What the tenant used when that was last looked at. */
  #usedBytes = 0;

  constructor(faulty: FaultyDatabase) {
    this.#tenant = new ModelledTenant(faulty);
    this.#uploads = new QuotaUploads(this.#tenant);
    this.#creations = new QuotaCreations(this.#tenant, this.#uploads);
    this.#files = new QuotaFiles(this.#tenant, this.#uploads);
  }

  get model(): QuotaModel {
    return this.#tenant.model;
  }

  async happen(happening: Happening): Promise<void> {
    this.#tenant.nowMs += 1;
    switch (happening.what) {
      case "create":
        return this.#creations.create(happening, "file", happening.mebibytes * MIB, []);
      case "create-deferred":
        return this.#creations.create(happening, "file", null, []);
      case "create-partial":
        return this.#creations.create(happening, "partial", happening.mebibytes * MIB, []);
      case "create-partial-deferred":
        return this.#creations.create(happening, "partial", null, []);
      case "create-final":
        return this.#creations.createFinal(happening);
      case "new-version":
        return this.#files.createVersion(happening);
      case "append":
        return this.#uploads.append(happening);
      case "tell-length":
        return this.#uploads.tellLength(happening);
      case "finish":
        return this.#uploads.finish(happening);
      case "end":
        return this.#uploads.end(happening);
      case "restart":
        return this.#uploads.restart(happening);
      case "alarms":
        return this.#uploads.ringAlarms();
      case "sweep":
        return this.#uploads.sweep(happening);
      case "set-quota":
        return this.#setQuota(happening);
      case "verdict":
      case "derivative":
      case "make-current":
      case "delete":
      case "restore":
      case "purge":
        return this.#files.change(happening);
    }
  }

  /** What is wrong after a while without faults: nothing, if all is well. */
  settle(): Promise<readonly string[]> {
    return this.#uploads.settle();
  }

  /** What differs between the model and the records: nothing, if all is well. */
  async differences(): Promise<readonly string[]> {
    const wrong = await differencesOf(this.#tenant.env.DB, this.#tenant.tenantId);
    const quota = await getQuota(this.#tenant.env, this.#tenant.tenantId, QUOTA_BYTES);
    const { counts, freeBytes } = this.model;
    // One that was lowered may be exceeded, and not by more than it was.
    const mostBytes = Math.max(quota.quotaBytes, this.#usedBytes);
    this.#usedBytes = quota.usedBytes;
    const differing = Object.entries(counts).flatMap(([name, expected]) => {
      const found = quota[name as keyof typeof counts];
      return found === expected ? [] : [`${name} is ${found}, expected ${expected}`];
    });
    return [
      ...wrong.map(({ count, kept, counted }) => `${count} was kept as ${kept}, and is ${counted}`),
      ...differing,
      ...(quota.availableBytes === Math.max(0, freeBytes)
        ? []
        : [`${quota.availableBytes} available, expected ${freeBytes}`]),
      ...(quota.usedBytes <= mostBytes ? [] : ["the quota is exceeded"]),
      ...this.#uploads.uncounted().map(({ ref }) => `${keyOf(ref)} is stored, and not counted`),
    ];
  }

  /** The operator lowers the quota, or raises it again. A tenant that has no row yet keeps what it had. */
  async #setQuota({ mebibytes }: Happening): Promise<void> {
    const { env, tenantId } = this.#tenant;
    const quotaBytes = QUOTA_BYTES - mebibytes * 7 * MIB;
    const changed = await databaseFor(env, tenantId)
      .update(tenants)
      .set({ quotaBytes })
      .where(eq(tenants.tenantId, tenantId))
      .returning();
    if (changed.length > 0) this.model.quotaBytes = quotaBytes;
  }
}
