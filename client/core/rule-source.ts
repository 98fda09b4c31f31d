import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import { apiBaseOf, getJson, type JsonSource } from "./api-base.ts";
import { type Candidate, RefusedByRules, refusalOf } from "./rules.ts";

/** As long as the server lets them be kept; what is left of the quota is as old. */
const KEPT_MS = 60_000;
const TIMEOUT_MS = 10_000;

/** Asks for the rules once a minute at most. Undefined where they can't be had: then the server refuses what it has to. */
export type RuleSource = () => Promise<UploadRulesResponse | undefined>;

export function createRuleSource(endpoint: string, source: JsonSource): RuleSource {
  let kept: { readonly atMs: number; readonly rules: Promise<UploadRulesResponse | undefined> } | undefined;

  async function ask(): Promise<UploadRulesResponse | undefined> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const url = `${apiBaseOf(endpoint)}/upload-rules`;
    try {
      return await getJson<UploadRulesResponse>(url, source, signal);
    } catch {
      // Kept as long: each of a thousand files would ask again.
      return undefined;
    }
  }

  return () => {
    if (kept === undefined || Date.now() - kept.atMs > KEPT_MS) kept = { atMs: Date.now(), rules: ask() };
    return kept.rules;
  };
}

/**
 * What is left of the quota isn't asked: that may have changed, and the server knows.
 * @throws RefusedByRules
 */
export async function requireAccepted(file: Candidate, source: RuleSource | undefined): Promise<void> {
  const rules = await source?.();
  const problem = rules === undefined ? undefined : refusalOf(rules, file);
  if (problem !== undefined && problem.code !== "QUOTA_EXCEEDED") throw new RefusedByRules(problem);
}
