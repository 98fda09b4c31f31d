import type { FileRecord } from "#contract/api.ts";
import type { Problem } from "#contract/errors.ts";
import type { WantedBytes } from "./chunks.ts";
import type { Connection } from "./connection.ts";
import type { GetGrant, RenewGrant } from "./grants.ts";
import type { UploadStorage } from "./storage.ts";
import type { Upload } from "./upload.ts";

/** Gives a bearer token. `refresh` is true after a 401: a cached token must not be given again. */
export type GetToken = (options: { readonly refresh: boolean }) => Promise<string> | string;

/** What the uploaded file belongs to; sent as `Upload-Metadata`. */
export interface UploadMeta {
  readonly entityType?: string;
  readonly entityId?: string;
  readonly tags?: readonly string[];
  /** Id of the file that this one becomes a new version of. */
  readonly replaces?: string;
  /** Folders that the file was in, joined by "/"; kept with the record as the `relativePath` of its metadata. */
  readonly folder?: string;
}

/** Everything that an upload can be. A lost connection is `offline` or `retrying`, never an error. */
export type UploadState =
  | { readonly kind: "waiting" }
  | { readonly kind: "hashing" }
  /** Nothing was sent: `of` has the same bytes already. `resume()` sends it all the same. */
  | { readonly kind: "duplicate"; readonly of: FileRecord }
  | { readonly kind: "uploading" }
  | { readonly kind: "paused" }
  /** Another tab sends this file, and is shown here; when it goes, this one goes on. */
  | { readonly kind: "elsewhere" }
  | { readonly kind: "offline" }
  | {
      readonly kind: "retrying";
      readonly attempt: number;
      readonly retryAtMs: number;
      /** What the server answered; absent when nothing answered. */
      readonly problem?: Problem;
    }
  /** The server does not take this file; trying again is of no use. */
  | { readonly kind: "refused"; readonly problem: Problem }
  /** Stopped, with what was sent kept where possible; `resume()` goes on. */
  | { readonly kind: "failed"; readonly problem: Problem }
  | { readonly kind: "aborted" }
  /** All is sent, and the server's SHA-256 is waited for. */
  | { readonly kind: "verifying"; readonly fileId: string; readonly version: number }
  /** `version` tells which of the file's it is: its state is asked for by `getVersion`. */
  | { readonly kind: "uploaded"; readonly fileId: string; readonly version: number };

export interface UploadProgress {
  /** Never falls, unless the server lost the upload and it starts anew. */
  readonly sentBytes: number;
  readonly totalBytes: number;
  /** Undefined until enough was seen, and while nothing is being sent. */
  readonly bytesPerSecond: number | undefined;
  readonly secondsLeft: number | undefined;
}

/** For a user with a session, or with an entity grant for the record that the files are attached to. */
export interface SessionOptions {
  readonly getToken: GetToken;
  readonly tenantId: string;
  readonly userId: string;
  /** Where resume points are kept between visits; by default the browser's IndexedDB. */
  readonly storage?: UploadStorage;
  readonly getGrant?: never;
  readonly renewGrant?: never;
}

/**
 * For whoever has no session: each upload has a grant, which lives an hour at most and is kept in memory alone. So an
 * upload goes on as long as its page is there and its grant, which `renewGrant` makes last, and begins anew after that.
 */
export interface GrantOptions {
  readonly getGrant: GetGrant;
  /** Without it, an upload whose grant ends on its way fails. */
  readonly renewGrant?: RenewGrant;
  readonly getToken?: never;
  readonly tenantId?: never;
  readonly userId?: never;
  readonly storage?: never;
}

export type UploaderOptions = UploadingOptions & (SessionOptions | GrantOptions);

export interface UploadingOptions {
  /** Absolute URL of the uploads collection. */
  readonly endpoint: string;
  /**
   * Bytes in one request; without it, what takes some 20 s on this connection. A function is asked before each request, for a
   * host that knows more of the connection; an answer that is no positive integer is left aside. Never more than the server
   * announces, because Cloudflare caps and may buffer request bodies.
   */
  readonly chunkSizeBytes?: WantedBytes;
  readonly maxConcurrent?: number;
  /** First delay before trying again; it doubles with every failure that follows without progress. */
  readonly retryBaseMs?: number;
  /**
   * A request that moves no byte for this long counts as a lost connection, and a token that hasn't come by then as refused.
   * Where nothing tells how much of a body has left (Node), it is all that a request may take.
   */
  readonly stallTimeoutMs?: number;
  readonly connection?: Connection;
  /** Whether a file that breaks the server's rules (`GET /v1/upload-rules`) is refused without asking it. True. */
  readonly checkRules?: boolean;
  /**
   * Whether a file's bytes are looked for among those that the user may see before they are sent, where it isn't said for
   * the upload itself. Of files up to 64 MiB that are read within 10 s, with 3 s for an answer, and not with an upload's grant. False.
   */
  readonly findDuplicates?: boolean;
}

/** An upload of an earlier visit, on this device. */
export interface UnfinishedUpload {
  readonly id: string;
  readonly filename: string;
  readonly sizeBytes: number;
  /** What the server has of it at least: what it was last asked to take may have come too. */
  readonly arrivedBytes: number;
  readonly startedAtMs: number;
  readonly entityType: string | undefined;
  readonly entityId: string | undefined;
  /** Whether `resume()` finds the file by itself; else it has to be chosen again. */
  readonly canResume: boolean;
  /**
   * Adds the file and sends what is missing of it; one whose beginning isn't what was sent begins anew. Without a file, the
   * browser asks its user for the one that was picked: call it in a click.
   * @throws ApiError with `FILE_NEEDED` where no file is known, `FILE_PERMISSION_DENIED` or `FILE_UNREADABLE`
   */
  resume(file?: File): Promise<Upload>;
  /**
   * Forgets it here and deletes what the server has of it.
   * @throws ApiError with `UPLOAD_ELSEWHERE` while another tab sends it, or it is on the list again
   */
  discard(): Promise<void>;
}

/** A chosen file that an upload of an earlier visit goes on with. */
export interface PreviousMatch {
  readonly file: File;
  /** Its `resume()` takes this file. */
  readonly previous: UnfinishedUpload;
}

/** An unfinished upload that this device can't continue, because it doesn't know which bytes were sent. */
export interface RemoteUpload extends Pick<
  UnfinishedUpload,
  "id" | "filename" | "startedAtMs" | "entityType" | "entityId"
> {
  readonly sizeBytes: number | undefined;
  /** Deletes what the server has of it, also while another device sends it. */
  discard(): Promise<void>;
}

/** A file that the server won't take, with why and what it would. */
export interface RefusedFile {
  readonly file: File;
  readonly problem: Problem;
}
