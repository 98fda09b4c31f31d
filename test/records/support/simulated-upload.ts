import type { FileVersionRef } from "#contract/ids.ts";
import type { DatabaseBindings } from "../../../worker/db/database.ts";
import { extendReservation, reduceReservation } from "../../../worker/services/quota.ts";
import { Reservation } from "../../../worker/uploads/state/reservation.ts";
import type { UploadState } from "../../../worker/uploads/state/upload-state.ts";
import { MIB, QUOTA_BYTES } from "./modelled-tenant.ts";
import type { ModelPartial } from "./quota-model.ts";

/** Of a reservation that grows with its upload. */
export const STEP_BYTES = 64 * MIB;
export const DOCUMENT_BYTES = 100 * MIB;
export const MAX_UPLOAD_BYTES = 500 * MIB;

export type Kind = "file" | "partial" | "final";

/** What an upload's object would have of it. */
export interface SimulatedUpload {
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
export interface MadeUpload extends Pick<SimulatedUpload, "kind" | "partials"> {
  readonly lengthBytes: number | null;
  readonly reservedBytes: number;
}

/** An upload's object as it is once it is made: a final one has all of its bytes. */
export function simulateUpload(
  env: DatabaseBindings,
  ref: FileVersionRef,
  made: MadeUpload,
): SimulatedUpload {
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
    extend: (_ref, growth) => extendReservation(env, ref, growth, QUOTA_BYTES),
    reduce: (_ref, fromBytes, toBytes) => reduceReservation(env, ref, fromBytes, toBytes),
  });
  const offsetBytes = kind === "final" ? (lengthBytes ?? 0) : 0;
  const known = { ref, kind, partials, reservation, state, durable };
  return { ...known, offsetBytes, phase: "receiving" };
}

export function stands({ phase, kind }: SimulatedUpload): boolean {
  return phase === "receiving" || phase === "storing" || (phase === "done" && kind === "partial");
}

export function isOpenEnded({ phase, state }: SimulatedUpload): boolean {
  return phase === "receiving" && state.lengthBytes === null;
}
