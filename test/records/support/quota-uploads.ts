import { chargeOf } from "#contract/charges.ts";
import type { FileId, FileVersionRef } from "#contract/ids.ts";
import { sweepReservations } from "../../../worker/services/cron/reservations.ts";
import { findSpentPartials } from "../../../worker/services/final-uploads.ts";
import { forgetUpload, recordStoredUpload } from "../../../worker/services/stored-uploads.ts";
import { newBudget } from "./cron-budget.ts";
import type { Fault } from "./faults.ts";
import { requireFaultOrNone, requireRefused } from "./faults.ts";
import type { ModelledTenant } from "./modelled-tenant.ts";
import { MIB } from "./modelled-tenant.ts";
import type { Happening } from "./quota-happenings.ts";
import { keyOf } from "./quota-model.ts";
import type { MadeUpload, SimulatedUpload } from "./simulated-upload.ts";
import { isOpenEnded, simulateUpload, stands, STEP_BYTES } from "./simulated-upload.ts";

const SWEEP_EVERY_MS = 5 * 3_600_000;
/** When a sweep asks again what it couldn't ask (worker/services/cron/reservations.ts). */
const ASKED_AGAIN_MS = 10 * 60_000;

/** The uploads of a tenant that have an object, and what happens to them until they are files or gone. */
export class QuotaUploads {
  readonly #tenant: ModelledTenant;
  readonly #all = new Map<string, SimulatedUpload>();

  constructor(tenant: ModelledTenant) {
    this.#tenant = tenant;
  }

  add(ref: FileVersionRef, made: MadeUpload): void {
    this.#all.set(keyOf(ref), simulateUpload(this.#tenant.env, ref, made));
  }

  /** Partials that are stored and have nothing reserved, but for those whose final is about to end them. */
  uncounted(): readonly SimulatedUpload[] {
    const goingSoon = new Set(
      this.choose(({ phase }) => phase === "storing" || phase === "discarding").flatMap(({ partials }) =>
        partials.map(keyOf),
      ),
    );
    return this.choose(({ kind, phase }) => kind === "partial" && phase === "done").filter(
      ({ ref, offsetBytes }) =>
        !goingSoon.has(keyOf(ref)) && (this.#tenant.model.reserved.get(keyOf(ref)) ?? -1) < offsetBytes,
    );
  }

  /**
   * After a while without faults: alarms ring, the sweep asks. Nothing is reserved for what isn't there then, and nothing
   * is stored for which nothing is reserved.
   */
  async settle(): Promise<readonly string[]> {
    await this.ringAlarms();
    this.#tenant.nowMs += SWEEP_EVERY_MS;
    await this.sweep({ fault: undefined });
    const standing = new Set([...this.#all].filter(([, upload]) => stands(upload)).map(([key]) => key));
    const uncounted = this.uncounted().map(({ ref }) => keyOf(ref));
    return [...[...this.#tenant.model.reserved.keys()].filter((key) => !standing.has(key)), ...uncounted];
  }

  async append({ pick, mebibytes, fault }: Happening): Promise<void> {
    const upload = pickOf(this.choose(isOpenEnded), pick);
    if (upload === undefined) return;
    const { state, ref, reservation } = upload;
    const endBytes = Math.min(upload.offsetBytes + 2 * mebibytes * MIB, state.maxBytes);
    const known = state.reservedBytes ?? 0;
    const { error, landed } = await this.#tenant.attempt(fault, () => reservation.cover(endBytes));
    if (endBytes > known && landed) {
      const step = Math.ceil(endBytes / STEP_BYTES) * STEP_BYTES;
      const granted = this.#tenant.model.extend(
        ref,
        endBytes,
        Math.max(endBytes, Math.min(step, state.maxBytes)),
      );
      if (granted < endBytes) return requireRefused(error, "QUOTA_EXCEEDED");
    }
    requireFaultOrNone(error);
    if (error === undefined) upload.offsetBytes = endBytes;
  }

  async tellLength({ pick, mebibytes, fault, isCut }: Happening): Promise<void> {
    const upload = pickOf(this.choose(isOpenEnded), pick);
    if (upload === undefined) return;
    const { state, ref } = upload;
    const lengthBytes = Math.min(upload.offsetBytes + mebibytes * MIB, state.maxBytes);
    const known = state.reservedBytes ?? 0;
    const { error, landed } = await this.#tenant.attempt(fault, () =>
      upload.reservation.settle(lengthBytes, isCut),
    );
    if (landed && lengthBytes > known) {
      const granted = this.#tenant.model.extend(ref, lengthBytes, lengthBytes);
      if (granted < lengthBytes) return requireRefused(error, "QUOTA_EXCEEDED");
    } else if (landed) this.#tenant.model.reduce(ref, known, chargeOf(lengthBytes));
    requireFaultOrNone(error);
    if (error === undefined) state.lengthBytes = lengthBytes;
  }

  /** The last byte: a partial is done with it, anything else is to be recorded. */
  async finish({ pick, fault, isCut }: Happening): Promise<void> {
    const upload = pickOf(
      this.choose(({ phase }) => phase === "receiving"),
      pick,
    );
    if (upload === undefined) return;
    await this.#giveBack(upload);
    upload.offsetBytes = upload.state.lengthBytes ?? upload.offsetBytes;
    upload.state.lengthBytes = upload.offsetBytes;
    upload.phase = upload.kind === "partial" ? "done" : "storing";
    if (upload.phase === "storing") await this.#record(upload, { fault, isCut });
  }

  /** With its last byte comes another chance to give back what couldn't be when its length was told. */
  async #giveBack({ ref, reservation, state }: SimulatedUpload): Promise<void> {
    const { reducedFromBytes, reservedBytes } = state;
    await reservation.giveBack();
    if (reducedFromBytes !== undefined) this.#tenant.model.reduce(ref, reducedFromBytes, reservedBytes ?? 0);
  }

  async #record(
    upload: SimulatedUpload,
    { fault, isCut }: Pick<Happening, "fault" | "isCut">,
  ): Promise<void> {
    const { ref, partials, offsetBytes: sizeBytes } = upload;
    const job = {
      ...ref,
      kind: "process",
      objectKey: keyOf(ref),
      etag: "e",
      sizeBytes,
      declaredType: "text/plain",
    } as const;
    const uploader = { id: "ann", kind: "member", requestId: null } as const;
    const { value, error, landed } = await this.#tenant.attempt(fault, () =>
      recordStoredUpload(this.#tenant.env, job, { uploader, partials }, this.#tenant.nowMs),
    );
    requireFaultOrNone(error);
    if (landed) this.#tenant.model.store(ref, sizeBytes);
    if (value === true) upload.phase = partials.length === 0 ? "done" : "discarding";
    if (upload.phase === "discarding" && !isCut) await this.#discard(upload);
    // Its file was purged: the bytes go too.
    if (value !== false) return;
    if (partials.length > 0) await this.#discard(upload);
    await this.#forget(upload, undefined);
  }

  /** Frees what a final was made of, where it isn't counted any more. */
  async #discard(final: SimulatedUpload): Promise<void> {
    const ids = final.partials.map(({ fileId }) => fileId);
    for (const fileId of await findSpentPartials(this.#tenant.env, this.#tenant.tenantId, ids)) {
      const upload = this.#all.get(keyOf({ fileId, version: 1 }));
      if (upload?.phase === "done") upload.phase = "ended";
    }
    final.phase = "done";
  }

  async end({ pick, fault }: Happening): Promise<void> {
    const upload = pickOf(
      this.choose(({ phase, kind }) => phase === "receiving" || (phase === "done" && kind === "partial")),
      pick,
    );
    if (upload !== undefined) await this.#forget(upload, fault);
  }

  async #forget(upload: SimulatedUpload, fault: Fault | undefined): Promise<void> {
    upload.phase = "ending";
    const { ref } = upload;
    const { error, landed } = await this.#tenant.attempt(fault, () => forgetUpload(this.#tenant.env, ref));
    requireFaultOrNone(error);
    if (landed) this.#tenant.model.forget(ref);
    if (error === undefined) upload.phase = "ended";
  }

  /** The object leaves memory, and what it only noted is gone. */
  async restart({ pick }: Happening): Promise<void> {
    const upload = pickOf(this.choose(isOpenEnded), pick);
    if (upload === undefined) return;
    Object.assign(upload.state, upload.durable);
  }

  async ringAlarms(): Promise<void> {
    for (const upload of this.choose(({ phase }) => phase === "storing"))
      await this.#record(upload, { fault: undefined, isCut: false });
    for (const upload of this.choose(({ phase }) => phase === "discarding")) await this.#discard(upload);
    for (const upload of this.choose(({ phase }) => phase === "ending"))
      await this.#forget(upload, undefined);
  }

  async sweep({ fault }: Pick<Happening, "fault">): Promise<void> {
    this.#tenant.nowMs += SWEEP_EVERY_MS;
    const sweep = async (withFault: Fault | undefined) =>
      this.#tenant.attempt(withFault, () =>
        sweepReservations(
          this.#tenant.env,
          {
            stillStands: async (ref) => {
              const upload = this.#all.get(keyOf(ref));
              return upload !== undefined && stands(upload);
            },
          },
          this.#tenant.nowMs,
          newBudget(),
        ),
      );
    await sweep(fault);
    // A run that was cut off is followed by the next, and what couldn't be asked is asked again.
    this.#tenant.nowMs += ASKED_AGAIN_MS;
    await sweep(undefined);
    for (const key of this.#tenant.model.reserved.keys()) {
      const upload = this.#all.get(key);
      if (upload !== undefined && stands(upload)) continue;
      const [fileId, version] = key.split("/") as [FileId, string];
      this.#tenant.model.forget({ fileId, version: Number(version) });
    }
  }

  choose(accept: (upload: SimulatedUpload) => boolean): readonly SimulatedUpload[] {
    return [...this.#all.values()].filter(accept);
  }
}

function pickOf(uploads: readonly SimulatedUpload[], pick: number): SimulatedUpload | undefined {
  return uploads[pick % Math.max(1, uploads.length)];
}
