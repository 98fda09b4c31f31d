import { eq } from "drizzle-orm";
import type { FileId, FileVersionRef, Identity } from "#contract/ids.ts";
import { newFileId, UserId } from "#contract/ids.ts";
import type { DatabaseBindings } from "../../../worker/db/database.ts";
import { databaseFor } from "../../../worker/db/database.ts";
import { tenants } from "../../../worker/db/schema/tenants.ts";
import {
  extendReservation,
  getQuota,
  recountTenant,
  reduceReservation,
} from "../../../worker/services/quota.ts";
import { sweepReservations } from "../../../worker/services/reservations.ts";
import {
  createPartialUpload,
  createUpload,
  findSpentPartials,
  forgetUpload,
  recordStoredUpload,
} from "../../../worker/services/uploads.ts";
import { Reservation } from "../../../worker/uploads/reservation.ts";
import type { UploadState } from "../../../worker/uploads/upload-state.ts";
import { newTenantId } from "./databases.ts";
import type { Attempted, Fault, FaultyDatabase } from "./faults.ts";
import { requireFaultOrNone, requireRefused } from "./faults.ts";
import { fileChange } from "./file-changes.ts";
import type { Happening } from "./quota-happenings.ts";
import type { ModelFile, ModelPartial } from "./quota-model.ts";
import { keyOf, newFile, newVersion, QuotaModel } from "./quota-model.ts";
import { insertNewVersion } from "./version-rows.ts";

const MIB = 1024 * 1024;
export const QUOTA_BYTES = 700 * MIB;
const STEP_BYTES = 64 * MIB;
const DOCUMENT_BYTES = 100 * MIB;
const MAX_UPLOAD_BYTES = 500 * MIB;
const SWEEP_EVERY_MS = 5 * 3_600_000;

type Kind = "file" | "partial" | "final";

/** What an upload's object would have of it. */
interface SimulatedUpload {
  readonly ref: FileVersionRef;
  readonly kind: Kind;
  readonly partials: readonly ModelPartial[];
  readonly reservation: Reservation;
  readonly state: Pick<UploadState, "reducedFromBytes"> & {
    maxBytes: number;
    reservedBytes: number | null;
    lengthBytes: number | null;
  };
  /** What was only noted is gone when the object leaves memory. */
  readonly durable: Partial<UploadState> & { reservedBytes: number };
  offsetBytes: number;
  /** `storing`, `discarding` and `ending` have a step that may have failed; the object's alarm does it again. */
  phase: "receiving" | "storing" | "discarding" | "ending" | "done" | "ended";
}

/** What an upload's object is made with. */
interface MadeUpload extends Pick<SimulatedUpload, "kind" | "partials"> {
  readonly lengthBytes: number | null;
  readonly reservedBytes: number;
}

/** How much is asked for at least and at most. */
function wantedOf(lengthBytes: number | null): readonly [number, number] {
  return lengthBytes === null ? [1, STEP_BYTES] : [lengthBytes, lengthBytes];
}

/** A tenant whose records are in a real database, beside the model of what they are to be. */
export class QuotaWorld {
  readonly model = new QuotaModel(QUOTA_BYTES);
  readonly #env: DatabaseBindings;
  readonly #faulty: FaultyDatabase;
  readonly #identity: Identity = { tenantId: newTenantId(), userId: UserId.parse("ann"), role: "member" };
  readonly #uploads = new Map<string, SimulatedUpload>();
  #nowMs = 1_000;
  /** What the tenant used when that was last looked at. */
  #usedBytes = 0;

  constructor(faulty: FaultyDatabase) {
    this.#faulty = faulty;
    this.#env = { DB: faulty.binding };
  }

  get #tenantId() {
    return this.#identity.tenantId;
  }

  async happen(happening: Happening): Promise<void> {
    this.#nowMs += 1;
    switch (happening.what) {
      case "create":
        return this.#create(happening, "file", happening.mebibytes * MIB, []);
      case "create-deferred":
        return this.#create(happening, "file", null, []);
      case "create-partial":
        return this.#create(happening, "partial", happening.mebibytes * MIB, []);
      case "create-partial-deferred":
        return this.#create(happening, "partial", null, []);
      case "create-final":
        return this.#createFinal(happening);
      case "new-version":
        return this.#createVersion(happening);
      case "append":
        return this.#append(happening);
      case "tell-length":
        return this.#tellLength(happening);
      case "finish":
        return this.#finish(happening);
      case "end":
        return this.#end(happening);
      case "restart":
        return this.#restart(happening);
      case "alarms":
        return this.#ringAlarms();
      case "sweep":
        return this.#sweep(happening);
      case "set-quota":
        return this.#setQuota(happening);
      case "verdict":
      case "derivative":
      case "make-current":
      case "delete":
      case "restore":
      case "purge":
        return this.#changeFile(happening);
    }
  }

  /** What differs between the model and the records: nothing, if all is well. */
  async differences(): Promise<readonly string[]> {
    const actor = { tenantId: this.#tenantId, id: "test", kind: "system", requestId: null } as const;
    const corrections = await recountTenant(this.#env, actor, this.#nowMs);
    const quota = await getQuota(this.#env, this.#tenantId, QUOTA_BYTES);
    const { counts, freeBytes } = this.model;
    // One that was lowered may be exceeded, and not by more than it was.
    const mostBytes = Math.max(quota.quotaBytes, this.#usedBytes);
    this.#usedBytes = quota.usedBytes;
    const differing = Object.entries(counts).flatMap(([name, expected]) => {
      const found = quota[name as keyof typeof counts];
      return found === expected ? [] : [`${name} is ${found}, expected ${expected}`];
    });
    return [
      ...corrections.map(({ count, kept, counted }) => `${count} was kept as ${kept}, and is ${counted}`),
      ...differing,
      ...(quota.availableBytes === Math.max(0, freeBytes)
        ? []
        : [`${quota.availableBytes} available, expected ${freeBytes}`]),
      ...(quota.usedBytes <= mostBytes ? [] : ["the quota is exceeded"]),
      ...this.#uncounted().map(({ ref }) => `${keyOf(ref)} is stored, and not counted`),
    ];
  }

  /** Partials that are stored and have nothing reserved, but for those whose final is about to end them. */
  #uncounted(): readonly SimulatedUpload[] {
    const goingSoon = new Set(
      this.#choose(({ phase }) => phase === "storing" || phase === "discarding").flatMap(({ partials }) =>
        partials.map(keyOf),
      ),
    );
    return this.#choose(({ kind, phase }) => kind === "partial" && phase === "done").filter(
      ({ ref, offsetBytes }) =>
        !goingSoon.has(keyOf(ref)) && (this.model.reserved.get(keyOf(ref)) ?? -1) < offsetBytes,
    );
  }

  /**
   * After a while without faults: alarms ring, the sweep asks. Nothing is reserved for what isn't there then, and nothing
   * is stored for which nothing is reserved.
   */
  async settle(): Promise<readonly string[]> {
    await this.#ringAlarms();
    this.#nowMs += SWEEP_EVERY_MS;
    await this.#sweep({ fault: undefined });
    const standing = new Set([...this.#uploads].filter(([, upload]) => stands(upload)).map(([key]) => key));
    const uncounted = this.#uncounted().map(({ ref }) => keyOf(ref));
    return [...[...this.model.reserved.keys()].filter((key) => !standing.has(key)), ...uncounted];
  }

  /** Does `work` with a fault in it, and says whether the call that changes something (the first) was carried out. */
  async #attempt<T>(
    fault: Fault | undefined,
    work: () => Promise<T>,
  ): Promise<Attempted<T> & { landed: boolean }> {
    const attempted = await this.#faulty.attempt(fault, work);
    return { ...attempted, landed: attempted.calls > 0 && !(fault?.call === 0 && fault.when === "before") };
  }

  async #create(
    { fault, isCut }: Happening,
    kind: Kind,
    lengthBytes: number | null,
    partials: SimulatedUpload["partials"],
  ): Promise<void> {
    const expected = this.model.admit(...wantedOf(lengthBytes), partials);
    const idsBefore = await this.#reservedIds();
    const { value, error, landed } = await this.#attempt(fault, () =>
      this.#askFor(kind, lengthBytes, partials),
    );
    if (typeof expected === "string") return requireRefused(error, expected);
    if (!landed) return requireRefused(error);
    const fileId = value?.fileId ?? (await this.#findAdmitted(idsBefore, kind));
    const ref = { tenantId: this.#tenantId, fileId: fileId ?? newFileId(), version: 1 };
    this.model.addUpload(ref, expected, partials);
    // What its partials had more reserved than they became is free all the same.
    if (fileId === undefined) return this.model.forget(ref);
    if (kind !== "partial") this.model.files.set(fileId, newFile());
    if (value === undefined || isCut) return;
    if (value.reservedBytes !== expected)
      throw new Error(`Reserved ${value.reservedBytes}, not ${expected}.`);
    this.#addObject(ref, { kind, lengthBytes, reservedBytes: expected, partials });
  }

  /**
   * The id of an upload whose answer was lost, which only the database knows. A final one was forgotten at once, if that
   * could be done.
   */
  async #findAdmitted(idsBefore: ReadonlySet<FileId>, kind: Kind): Promise<FileId | undefined> {
    const fileId = [...(await this.#reservedIds())].find((id) => !idsBefore.has(id));
    if (fileId !== undefined || kind === "final") return fileId;
    throw new Error("There is no reservation of what was admitted.");
  }

  #askFor(kind: Kind, lengthBytes: number | null, partials: SimulatedUpload["partials"]) {
    const nowMs = this.#nowMs;
    const rules = { maxUploadBytes: MAX_UPLOAD_BYTES, defaultQuotaBytes: QUOTA_BYTES, nowMs };
    if (kind === "partial") return createPartialUpload(this.#env, this.#tenantId, lengthBytes, rules);
    const named = Object.entries({ filename: "a.txt", tags: "a,b" });
    const declared = { metadata: new Map(named), lengthBytes, partials };
    return createUpload(this.#env, this.#identity, declared, { ...rules, settings: {}, requestId: null });
  }

  #addObject(ref: FileVersionRef, made: MadeUpload): void {
    const { kind, lengthBytes, reservedBytes, partials } = made;
    const maxBytes = kind === "partial" ? MAX_UPLOAD_BYTES : DOCUMENT_BYTES;
    const state = { ...ref, maxBytes, reservedBytes, lengthBytes };
    const durable: SimulatedUpload["durable"] = { reservedBytes };
    const store = {
      state: state as object as UploadState,
      requireState: () => state as object as UploadState,
      note: (change: Partial<UploadState>) => void Object.assign(state, change),
      update: (change: Partial<UploadState>) => {
        Object.assign(durable, change);
        return Object.assign(state, change) as object as UploadState;
      },
    };
    const reservation = new Reservation(store, {
      extend: (_ref, growth) => extendReservation(this.#env, ref, growth, QUOTA_BYTES),
      reduce: (_ref, fromBytes, toBytes) => reduceReservation(this.#env, ref, fromBytes, toBytes),
    });
    const offsetBytes = kind === "final" ? (lengthBytes ?? 0) : 0;
    const known = { ref, kind, partials, reservation, state, durable };
    this.#uploads.set(keyOf(ref), { ...known, offsetBytes, phase: "receiving" });
  }

  async #createFinal(happening: Happening): Promise<void> {
    const complete = this.#choose(({ kind, phase }) => kind === "partial" && phase === "done");
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
    await this.#create(happening, "final", lengthBytes, partials);
  }

  async #createVersion({ pick, mebibytes, fault, isCut }: Happening): Promise<void> {
    const [fileId, file] = this.#chooseFile(pick, ({ versions }) => versions.size > 0);
    if (fileId === undefined || file === undefined) return;
    const ref = { tenantId: this.#tenantId, fileId, version: file.last + 1 };
    const bytes = mebibytes * MIB;
    const expected = this.model.admit(bytes, bytes);
    const { error, landed } = await this.#attempt(fault, () =>
      insertNewVersion(databaseFor(this.#env, this.#tenantId), ref, bytes, QUOTA_BYTES, this.#nowMs),
    );
    if (typeof expected === "string" || !landed) return requireRefused(error);
    this.model.addUpload(ref, expected, []);
    file.last = ref.version;
    file.versions.set(ref.version, newVersion());
    if (error === undefined && !isCut) {
      this.#addObject(ref, { kind: "file", lengthBytes: bytes, reservedBytes: bytes, partials: [] });
    }
  }

  async #append({ pick, mebibytes, fault }: Happening): Promise<void> {
    const upload = pickOf(this.#choose(isOpenEnded), pick);
    if (upload === undefined) return;
    const { state, ref, reservation } = upload;
    const endBytes = Math.min(upload.offsetBytes + 2 * mebibytes * MIB, state.maxBytes);
    const known = state.reservedBytes ?? 0;
    const { error, landed } = await this.#attempt(fault, () => reservation.cover(endBytes));
    if (endBytes > known && landed) {
      const step = Math.ceil(endBytes / STEP_BYTES) * STEP_BYTES;
      const granted = this.model.extend(ref, endBytes, Math.max(endBytes, Math.min(step, state.maxBytes)));
      if (granted < endBytes) return requireRefused(error, "QUOTA_EXCEEDED");
    }
    requireFaultOrNone(error);
    if (error === undefined) upload.offsetBytes = endBytes;
  }

  async #tellLength({ pick, mebibytes, fault, isCut }: Happening): Promise<void> {
    const upload = pickOf(this.#choose(isOpenEnded), pick);
    if (upload === undefined) return;
    const { state, ref } = upload;
    const lengthBytes = Math.min(upload.offsetBytes + mebibytes * MIB, state.maxBytes);
    const known = state.reservedBytes ?? 0;
    const { error, landed } = await this.#attempt(fault, () => upload.reservation.settle(lengthBytes, isCut));
    if (landed && lengthBytes > known) {
      const granted = this.model.extend(ref, lengthBytes, lengthBytes);
      if (granted < lengthBytes) return requireRefused(error, "QUOTA_EXCEEDED");
    } else if (landed) this.model.reduce(ref, known, lengthBytes);
    requireFaultOrNone(error);
    if (error === undefined) state.lengthBytes = lengthBytes;
  }

  /** The last byte: a partial is done with it, anything else is to be recorded. */
  async #finish({ pick, fault, isCut }: Happening): Promise<void> {
    const upload = pickOf(
      this.#choose(({ phase }) => phase === "receiving"),
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
    if (reducedFromBytes !== undefined) this.model.reduce(ref, reducedFromBytes, reservedBytes ?? 0);
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
    const { value, error, landed } = await this.#attempt(fault, () =>
      recordStoredUpload(this.#env, job, { uploader, partials }, this.#nowMs),
    );
    requireFaultOrNone(error);
    if (landed) this.model.store(ref, sizeBytes);
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
    for (const fileId of await findSpentPartials(this.#env, this.#tenantId, ids)) {
      const upload = this.#uploads.get(keyOf({ fileId, version: 1 }));
      if (upload?.phase === "done") upload.phase = "ended";
    }
    final.phase = "done";
  }

  async #end({ pick, fault }: Happening): Promise<void> {
    const upload = pickOf(
      this.#choose(({ phase, kind }) => phase === "receiving" || (phase === "done" && kind === "partial")),
      pick,
    );
    if (upload !== undefined) await this.#forget(upload, fault);
  }

  async #forget(upload: SimulatedUpload, fault: Fault | undefined): Promise<void> {
    upload.phase = "ending";
    const { ref } = upload;
    const { error, landed } = await this.#attempt(fault, () => forgetUpload(this.#env, ref));
    requireFaultOrNone(error);
    if (landed) this.model.forget(ref);
    if (error === undefined) upload.phase = "ended";
  }

  /** The operator lowers the quota, or raises it again. A tenant that has no row yet keeps what it had. */
  async #setQuota({ mebibytes }: Happening): Promise<void> {
    const quotaBytes = QUOTA_BYTES - mebibytes * 7 * MIB;
    const db = databaseFor(this.#env, this.#tenantId);
    const changed = await db
      .update(tenants)
      .set({ quotaBytes })
      .where(eq(tenants.tenantId, this.#tenantId))
      .returning();
    if (changed.length > 0) this.model.quotaBytes = quotaBytes;
  }

  /** The object leaves memory, and what it only noted is gone. */
  async #restart({ pick }: Happening): Promise<void> {
    const upload = pickOf(this.#choose(isOpenEnded), pick);
    if (upload === undefined) return;
    Object.assign(upload.state, upload.durable);
  }

  async #ringAlarms(): Promise<void> {
    for (const upload of this.#choose(({ phase }) => phase === "storing"))
      await this.#record(upload, { fault: undefined, isCut: false });
    for (const upload of this.#choose(({ phase }) => phase === "discarding")) await this.#discard(upload);
    for (const upload of this.#choose(({ phase }) => phase === "ending"))
      await this.#forget(upload, undefined);
  }

  async #sweep({ fault }: Pick<Happening, "fault">): Promise<void> {
    this.#nowMs += SWEEP_EVERY_MS;
    const sweep = async (withFault: Fault | undefined) =>
      this.#attempt(withFault, () =>
        sweepReservations(
          this.#env,
          async (ref) => {
            const upload = this.#uploads.get(keyOf(ref));
            return upload !== undefined && stands(upload);
          },
          this.#nowMs,
        ),
      );
    await sweep(fault);
    // A run that was cut off is followed by the next.
    await sweep(undefined);
    for (const key of this.model.reserved.keys()) {
      const upload = this.#uploads.get(key);
      if (upload !== undefined && stands(upload)) continue;
      const [fileId, version] = key.split("/") as [FileId, string];
      this.model.forget({ fileId, version: Number(version) });
    }
  }

  /** What is done with files by others: their rows are changed as they change them. */
  async #changeFile({ what, pick, mebibytes, fault }: Happening): Promise<void> {
    const [fileId, file] = this.#chooseFile(pick, () => true);
    if (fileId === undefined || file === undefined) return;
    const stored = [...file.versions].filter(([, { storedBytes }]) => storedBytes !== null);
    const [version] = stored[pick % Math.max(1, stored.length)] ?? [];
    const change = fileChange(what, { file, version, bytes: mebibytes * MIB });
    if (change === undefined) return;
    const ref = { tenantId: this.#tenantId, fileId, version: version ?? 0 };
    const { error, landed } = await this.#attempt(fault, () => change.inRecords(this.#env, ref, this.#nowMs));
    requireFaultOrNone(error);
    if (landed) change.inModel(this.model, ref);
  }

  #choose(accept: (upload: SimulatedUpload) => boolean): readonly SimulatedUpload[] {
    return [...this.#uploads.values()].filter(accept);
  }

  #chooseFile(pick: number, accept: (file: ModelFile) => boolean): [FileId, ModelFile] | [] {
    const fitting = [...this.model.files].filter(([, file]) => accept(file));
    return fitting[pick % Math.max(1, fitting.length)] ?? [];
  }

  async #reservedIds(): Promise<ReadonlySet<FileId>> {
    const { results } = await this.#env.DB.prepare(
      "SELECT file_id FROM quota_reservations WHERE tenant_id = ?",
    )
      .bind(this.#tenantId)
      .all<{ file_id: FileId }>();
    return new Set(results.map(({ file_id: fileId }) => fileId));
  }
}

function stands({ phase, kind }: SimulatedUpload): boolean {
  return phase === "receiving" || phase === "storing" || (phase === "done" && kind === "partial");
}

function isOpenEnded({ phase, state }: SimulatedUpload): boolean {
  return phase === "receiving" && state.lengthBytes === null;
}

function pickOf(uploads: readonly SimulatedUpload[], pick: number): SimulatedUpload | undefined {
  return uploads[pick % Math.max(1, uploads.length)];
}
