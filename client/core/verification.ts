import type { Problem } from "#contract/errors.ts";
import type { FileVersion } from "#contract/versions.ts";
import { apiBaseOf, getJson, type JsonSource } from "./api-base.ts";
import { classifyFailure } from "./failure.ts";
import { localProblem } from "./problem.ts";
import { wait } from "./wait.ts";

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 10_000;
const GROWTH = 1.4;

export interface Uploaded {
  readonly fileId: string;
  readonly version: number;
}

type Look = { readonly sha256: string | null } | { readonly problem: Problem } | undefined;

async function look(url: string, source: JsonSource, signal: AbortSignal): Promise<Look> {
  try {
    const { sha256, state } = await getJson<FileVersion>(url, source, signal);
    return sha256 !== null || (state !== "uploading" && state !== "quarantined") ? { sha256 } : undefined;
  } catch (error) {
    const failure = classifyFailure(error, Date.now());
    const isPassing = ["connection", "busy", "temporary"].includes(failure.kind);
    return isPassing || !("problem" in failure) ? undefined : { problem: failure.problem };
  }
}

/**
 * Waits until the server has hashed what it stored, and compares. Undefined where it is the same, or `signal` aborted; else
 * what is wrong.
 */
export async function verifyUploaded(
  endpoint: string,
  { fileId, version }: Uploaded,
  sha256: string,
  source: JsonSource,
  signal: AbortSignal,
): Promise<Problem | undefined> {
  const url = `${apiBaseOf(endpoint)}/files/${fileId}/versions/${version}`;
  for (let delayMs = FIRST_WAIT_MS; ; delayMs = Math.min(LONGEST_WAIT_MS, delayMs * GROWTH)) {
    const seen = await look(url, source, signal);
    if (signal.aborted) return undefined;
    if (seen !== undefined && "problem" in seen) return seen.problem;
    if (seen?.sha256 === sha256) return undefined;
    if (seen !== undefined) return localProblem(seen.sha256 === null ? "DIGEST_UNKNOWN" : "DIGEST_MISMATCH");
    if (!(await wait(delayMs, signal))) return undefined;
  }
}
