import { AppError } from "#contract/errors.ts";

/** Of one the processor holds a piece of its body and what the target's SDK reads ahead: some 200 MiB of all of them. */
export const MAX_READS = 100;
/** Of one tenant's copies: whoever has one of its URLs opens as many as they like. */
export const MAX_READS_OF_TENANT = 25;

/** Reads that are under way, of which no tenant's take all there may be. */
export class ReadShares {
  readonly #byTenant = new Map<string, number>();
  #total = 0;

  /** Begins one. Throws `RATE_LIMITED`, which says nothing of the target. @returns what ends it */
  enter(tenant: string): () => void {
    const ofTenant = this.#byTenant.get(tenant) ?? 0;
    if (this.#total >= MAX_READS || ofTenant >= MAX_READS_OF_TENANT) {
      throw new AppError("RATE_LIMITED", { headers: { "Retry-After": "5" } });
    }
    this.#total += 1;
    this.#byTenant.set(tenant, ofTenant + 1);
    return () => this.#leave(tenant);
  }

  #leave(tenant: string): void {
    this.#total -= 1;
    const left = (this.#byTenant.get(tenant) ?? 1) - 1;
    if (left === 0) this.#byTenant.delete(tenant);
    else this.#byTenant.set(tenant, left);
  }
}
