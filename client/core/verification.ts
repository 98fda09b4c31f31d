import type { Problem } from "#contract/errors.ts";
import type { FileVersion } from "#contract/versions.ts";
import { apiBaseOf, getJson, type JsonSource } from "./api-base.ts";
import type { UploadContext } from "./context.ts";
import { classifyFailure } from "./failure.ts";
import { hashFile } from "./hash-worker.ts";
import { localProblem } from "./problem.ts";
import type { TokenSource } from "./tokens.ts";
import { wait } from "./wait.ts";

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 10_000;
const GROWTH = 1.4;
/** Of all that wait, ten are asked for in a second: a third of what the server takes of a user. */
const BETWEEN_LOOKS_MS = 100;

export interface Uploaded {
  readonly fileId: string;
  readonly version: number;
}

/** What is compared, in its turn. */
interface Verified {
  readonly file: File;
  readonly priority: number;
}

/** How long to wait at least where it isn't known yet: a number, in milliseconds. */
type Look = { readonly sha256: string | null } | { readonly problem: Problem } | number;

async function look(url: string, source: JsonSource, signal: AbortSignal): Promise<Look> {
  try {
    const { sha256, state } = await getJson<FileVersion>(url, source, signal);
    return sha256 !== null || (state !== "uploading" && state !== "quarantined") ? { sha256 } : 0;
  } catch (error) {
    const failure = classifyFailure(error, Date.now());
    if (failure.kind === "busy") return failure.retryAfterMs ?? 0;
    if (failure.kind === "connection" || failure.kind === "temporary") return 0;
    return { problem: failure.problem };
  }
}

/**
 * Hashes the file, waits until the server has hashed what it stored, and compares. Undefined where it is the same, or
 * `signal` aborted; else what is wrong.
 */
export async function verifyUploaded(
  { scope, stallTimeoutMs, hashings, looks }: UploadContext,
  tokens: TokenSource,
  upload: Verified,
  { fileId, version }: Uploaded,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const priority = () => upload.priority;
  const hashing = hashings.during(signal, priority, (turn) => hashFile(upload.file, turn));
  const sha256 = await hashing.catch(() => undefined);
  if (signal.aborted) return undefined;
  if (sha256 === undefined) return localProblem("FILE_UNREADABLE");
  const url = `${apiBaseOf(scope.endpoint)}/files/${fileId}/versions/${version}`;
  for (let delayMs = FIRST_WAIT_MS; ; delayMs = Math.min(LONGEST_WAIT_MS, delayMs * GROWTH)) {
    // In its turn each waits alone: a look that hangs holds up no other.
    if (!(await looks.during(signal, priority, (turn) => wait(BETWEEN_LOOKS_MS, turn)))) return undefined;
    const seen = await look(url, { tokens, stallTimeoutMs }, signal);
    if (signal.aborted) return undefined;
    if (typeof seen === "number") await wait(Math.max(delayMs, seen), signal);
    else if ("problem" in seen) return seen.problem;
    else if (seen.sha256 === sha256) return undefined;
    else return localProblem(seen.sha256 === null ? "DIGEST_UNKNOWN" : "DIGEST_MISMATCH");
  }
}
