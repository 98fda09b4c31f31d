export type Operation =
  | "put"
  | "createMultipartUpload"
  | "uploadPart"
  | "complete"
  | "abort"
  | "head"
  | "get"
  | "delete"
  | "list";

/** What happens to the next calls of an operation: each entry is used up by one call, in order. */
export type Fault =
  | { readonly kind: "none" }
  /** The call isn't carried out and fails. */
  | { readonly kind: "fail" }
  /** The same with one of R2's codes. */
  | { readonly kind: "refuse"; readonly code: number }
  /** Of what is read the first half comes, as though that were all. */
  | { readonly kind: "cut-short" }
  /** The call is carried out and its answer lost. */
  | { readonly kind: "lose-answer" }
  /** The call waits until the test lets it go on (`release`). */
  | { readonly kind: "hold" };

/**
 * What happens to one of the calls to the database from now on: it isn't carried out, its answer is lost, or it waits
 * until the test asks for something else.
 */
export interface DatabaseFault {
  readonly kind: "fail" | "lose-answer" | "hold";
  /** Which call, from 1. */
  readonly atCall: number | "every";
  /** Whether none of the calls behind that one is carried out either. */
  readonly failsAfter?: boolean;
}

/** A call to the bucket that has no answer yet. */
export interface StoreCall {
  /** Later calls have larger numbers. */
  readonly id: number;
  readonly operation: Operation;
  readonly fileId: string;
  /** Whether it waits to be let go on. */
  readonly isHeld: boolean;
}

/** What the upload objects have seen of the bodies of one upload's PATCHes. */
export interface BodiesSeen {
  /** PATCHes that have reached the object. */
  readonly requests: number;
  /** Bytes that it has read of them. */
  readonly readBytes: number;
}

/** What is durable in an upload's object. */
export interface UploadRows {
  readonly phase: string;
  /** Bytes that are in the store, as parts of the upload. */
  readonly storedBytes: number;
  /** Bytes of what is written with every progress, and of what is written once. */
  readonly progressRowBytes: number;
  readonly declarationRowBytes: number;
  /** When its alarm rings; null where none is set. */
  readonly alarmAtMs: number | null;
  /** Bytes of its tail, and those that are held back for a digest. */
  readonly asideBytes: number;
  /** The size of its parts; null before it is settled. */
  readonly partBytes: number | null;
  /** Its multipart upload in the store; null where there is none. */
  readonly multipart: { readonly key: string; readonly id: string } | null;
}

/** What a test asks of the worker; all members in the order in which they are done. */
export interface Change {
  /** Ends every plan, lets go of what is held and forgets jobs and counts. */
  readonly reset?: boolean;
  /** @param fileId of the one upload that it is for; else it is for all that have no plan of their own */
  readonly plan?: {
    readonly operation: Operation;
    readonly faults: readonly Fault[];
    readonly fileId?: string;
  };
  readonly failingSends?: number;
  /** Puts so many objects under a prefix, behind the product's back: named by their numbers, four digits each. */
  readonly putObjects?: { readonly prefix: string; readonly count: number };
  /** Counts the calls to the database from 1 again, with a fault at one of them or, by null, at none. */
  readonly database?: DatabaseFault | null;
  /** Carries held calls out: all of them, the last first; or these (`StoreCall.id`), in this order. */
  readonly release?: true | readonly number[];
  /** How far ahead of the time the product's clock is from now on. The alarms of its objects ring by the time. */
  readonly clockAheadMs?: number;
  /** Loses the alarm of an upload's object. */
  readonly loseAlarm?: { readonly tenantId: string; readonly fileId: string };
  /** Gives an upload's object its state in one row, as those of before there were two. It is to be evicted then. */
  readonly joinRows?: { readonly tenantId: string; readonly fileId: string };
  /** Has the alarm of an upload's object ring; resolves when the object has dealt with it. */
  readonly ringAlarm?: { readonly tenantId: string; readonly fileId: string };
  /** Looks at what is durable in an upload's object (`ControlState.rows`). */
  readonly inspect?: { readonly tenantId: string; readonly fileId: string };
  /** Looks for the alarm of an upload's object, which may hold nothing any more (`ControlState.alarmAtMs`). */
  readonly alarmOf?: { readonly tenantId: string; readonly fileId: string };
  /** Breaks an upload's object: what it is doing for others has no answer. It is there again when it is asked next. */
  readonly breakObject?: { readonly tenantId: string; readonly fileId: string };
}

export interface ControlState {
  readonly counts: Partial<Record<Operation, number>>;
  /** Calls to the database since they were last counted from 1. */
  readonly databaseCalls: number;
  /** How many calls are held. */
  readonly held: number;
  readonly calls: readonly StoreCall[];
  /** By file id; none for an upload without a PATCH. */
  readonly bodies: Readonly<Record<string, BodiesSeen>>;
  /** Null where there is none, or that wasn't asked for. */
  readonly alarmAtMs: number | null;
  /** Null where that wasn't asked for. */
  readonly rows: UploadRows | null;
  readonly sentJobs: readonly {
    readonly fileId: string;
    readonly sizeBytes: number;
    readonly objectKey: string;
  }[];
  /** To the queue of a jurisdiction. */
  readonly sentElsewhere: ControlState["sentJobs"];
  /** Names of the uploads' objects that were asked for something; those of a jurisdiction with that before them. */
  readonly askedUploads: readonly string[];
}
