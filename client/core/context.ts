import type { Awake } from "./awake.ts";
import type { ChunkSizes } from "./chunks.ts";
import type { Claims } from "./claims.ts";
import type { Connection } from "./connection.ts";
import type { FindDuplicate } from "./duplicates.ts";
import type { Scope } from "./fingerprint.ts";
import { createGrantSource, type GetGrant, type RenewGrant } from "./grants.ts";
import type { ResumeStore } from "./resume-store.ts";
import type { RuleSource } from "./rule-source.ts";
import type { Slots } from "./slots.ts";
import type { TokenSource } from "./tokens.ts";
import type { UploadMeta } from "./types.ts";

/** What requests are sent with: the user's token, or a grant of each upload's own. */
export type Access =
  | { readonly kind: "session"; readonly tokens: TokenSource }
  | {
      readonly kind: "grants";
      readonly getGrant: GetGrant;
      readonly renewGrant: RenewGrant | undefined;
    };

/** What all uploads of one uploader share. */
export interface UploadContext {
  readonly scope: Scope;
  readonly chunks: ChunkSizes;
  readonly retryBaseMs: number;
  readonly stallTimeoutMs: number;
  readonly access: Access;
  readonly store: ResumeStore;
  readonly slots: Slots;
  /** To verify what was sent, one at a time: hashing takes a processor. */
  readonly hashings: Slots;
  /** Whether the server has hashed too, one at a time: none waits for another that it hasn't come to yet. */
  readonly looks: Slots;
  readonly claims: Claims;
  readonly connection: Connection;
  readonly awake: Awake;
  /** Undefined where only the server is to check. */
  readonly rules: RuleSource | undefined;
  /** Undefined where nobody can be asked. */
  readonly findDuplicate: FindDuplicate | undefined;
  /** Whether that is done where an upload's options don't say. */
  readonly findDuplicates: boolean;
}

/** What one upload's requests are sent with: the user's tokens, or those of a grant of its own. */
export function takeTokens(
  { access, stallTimeoutMs: timeoutMs }: UploadContext,
  file: File,
  meta: UploadMeta,
  isCreated: () => boolean,
): TokenSource {
  if (access.kind === "session") return access.tokens;
  const { getGrant, renewGrant: renew } = access;
  return createGrantSource({ ask: () => getGrant(file, meta), renew, isCreated, timeoutMs });
}

/** `navigator.onLine` is sometimes wrong about being offline, so we look for ourselves now and then. */
export const OFFLINE_PROBE_MS = 30_000;

/** Which version of its file an upload is, by its URL: a file's first has it in no place. */
export function versionOf(url: string): number {
  const before = url.split(/[?#]/, 1)[0]?.split("/").at(-2) ?? "";
  return /^[1-9]\d{0,9}$/.test(before) ? Number(before) : 1;
}

/** The last path segment of an upload's URL is the file's id (architecture §9). */
export function fileIdOf(url: string): string {
  return url.split(/[?#]/, 1)[0]?.split("/").at(-1) ?? "";
}
