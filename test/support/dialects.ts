import type { Caller } from "./api.ts";
import { APPEND, createUpload, TUS } from "./api.ts";
import { begin, PARTIAL_UPLOAD } from "./ietf.ts";

export interface AppendHead {
  readonly offset: number;
  /** Whether the upload's last byte is in this append. */
  readonly completes: boolean;
  /** SHA-256 of the content, base64, for an append that is all or nothing. */
  readonly sha256?: string | undefined;
}

/** What a test of both protocols has to say differently in each. */
export interface Dialect {
  /** Begins an upload that will have `sizeBytes`, and returns its address. */
  begin(caller: Caller, sizeBytes: number): Promise<string>;
  /** An append's headers, but for its framing. */
  appendHeaders(head: AppendHead): Readonly<Record<string, string>>;
  /** What an append is answered that went well. */
  appendStatus(head: Pick<AppendHead, "completes">): number;
  readonly stateHeaders: Readonly<Record<string, string>>;
  /** What HEAD is answered. */
  readonly stateStatus: number;
}

const tus: Dialect = {
  begin: createUpload,
  appendHeaders: ({ offset, sha256 }) => ({
    ...APPEND,
    "upload-offset": String(offset),
    ...(sha256 === undefined ? {} : { "upload-checksum": `sha256 ${sha256}` }),
  }),
  appendStatus: () => 204,
  stateHeaders: TUS,
  stateStatus: 200,
};

const ietf: Dialect = {
  begin: (caller, sizeBytes) => begin(caller, { "upload-length": String(sizeBytes) }),
  appendHeaders: ({ offset, completes, sha256 }) => ({
    "content-type": PARTIAL_UPLOAD,
    "upload-offset": String(offset),
    "upload-complete": completes ? "?1" : "?0",
    ...(sha256 === undefined ? {} : { "content-digest": `sha-256=:${sha256}:` }),
  }),
  appendStatus: ({ completes }) => (completes ? 201 : 204),
  stateHeaders: {},
  stateStatus: 204,
};

export const DIALECTS = {
  tus,
  ietf,
  /** The IETF's, without telling the length before the last append. */
  "ietf-of-unknown-length": { ...ietf, begin: (caller: Caller) => begin(caller) },
} as const satisfies Record<string, Dialect>;
export type DialectName = keyof typeof DIALECTS;
export const DIALECT_NAMES = Object.keys(DIALECTS) as readonly DialectName[];
