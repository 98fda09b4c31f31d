import type { ByteRange, ObjectPage, StoredFacts, StoredPart } from "../../../worker/storage/object-store.ts";

/** One call of an object store, as tests in Node have it made in workerd. */
export type StoreCall =
  | { readonly call: "put"; readonly key: string; readonly piecesBytes: readonly number[] }
  | { readonly call: "createMultipart"; readonly key: string }
  | {
      readonly call: "storePart";
      readonly key: string;
      readonly id: string;
      readonly partNumber: number;
      readonly piecesBytes: readonly number[];
    }
  | {
      readonly call: "completeMultipart";
      readonly key: string;
      readonly id: string;
      readonly parts: readonly StoredPart[];
    }
  | { readonly call: "abortMultipart"; readonly key: string; readonly id: string }
  | { readonly call: "head"; readonly key: string }
  | { readonly call: "get"; readonly key: string; readonly etag?: string; readonly range?: ByteRange }
  | { readonly call: "remove"; readonly keys: readonly string[] }
  | { readonly call: "list"; readonly prefix: string };

export type CallName = StoreCall["call"];

/** What each returns; undefined comes as null. */
export interface Results {
  readonly put: StoredFacts;
  readonly createMultipart: string;
  readonly storePart: string;
  readonly completeMultipart: StoredFacts | null;
  readonly abortMultipart: null;
  readonly head: StoredFacts | null;
  /** Of the bytes, how many there are and whether they are those that were put there. */
  readonly get: (StoredFacts & { readonly bytes: number; readonly isRight: boolean }) | null;
  readonly remove: null;
  readonly list: ObjectPage;
}

/** What is sent to the worker of the tests: a call, and the variables that choose the store. */
export interface CallRequest {
  readonly vars: Readonly<Record<string, string>>;
  readonly call: StoreCall;
}

/** How it went. What is held for a body is counted from its being begun to its being let go of. */
export type CallAnswer =
  | { readonly ok: true; readonly value: unknown; readonly stillHeld: number }
  | { readonly ok: false; readonly code: string; readonly cause: string; readonly stillHeld: number };

/** The byte at a place of what tests store. */
export function byteAt(offset: number): number {
  return (offset * 31 + (offset >> 8)) & 0xff;
}
