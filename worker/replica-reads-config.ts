import { z } from "zod";
import type { Jurisdiction } from "#contract/jurisdictions.ts";
import { isSafeUrl } from "#contract/safe-urls.ts";

/** Where copies are read from while the primary store can't give an object (docs/decisions/0026-failover-reads.md). */
export interface ReplicaReadsConfig {
  /** The processor's gateway to the replica targets. */
  readonly url: string;
  /** Those of jurisdictions: what a pinned tenant has is read by its own, or not at all. */
  readonly byJurisdiction: Readonly<Record<Jurisdiction, string | undefined>>;
  readonly secret: string;
  /** How long the primary may take to begin an answer before a copy is asked for. */
  readonly slowAfterMs: number;
}

/** Files go over it. */
const GatewayUrl = z
  .url({ protocol: /^https?$/, abort: true })
  .refine(isSafeUrl, "must begin with https:// where it isn't loopback");

export const ReplicaReadsVariables = z.object({
  /** Nothing is read from replicas without it. */
  REPLICA_READS_URL: GatewayUrl.optional(),
  REPLICA_READS_URL_EU: GatewayUrl.optional(),
  REPLICA_READS_URL_US: GatewayUrl.optional(),
  REPLICA_READS_SECRET: z.string().min(32, "must have 32 characters or more").optional(),
  REPLICA_READS_AFTER_MS: z.coerce.number().int().min(100).max(30_000).default(2_000),
});
type Variables = z.infer<typeof ReplicaReadsVariables>;

/** An address without a secret, or a secret without an address. */
export function findReplicaReadsProblems(env: Readonly<Record<string, unknown>>): string[] {
  const { REPLICA_READS_URL: url, REPLICA_READS_SECRET: secret } = env;
  if ((url === undefined) === (secret === undefined)) return [];
  const missing = url === undefined ? "REPLICA_READS_URL" : "REPLICA_READS_SECRET";
  return [`${missing}: is missing, and the other of the two is there`];
}

/** Undefined where copies aren't read. */
export function replicaReadsConfigOf(vars: Variables): ReplicaReadsConfig | undefined {
  const { REPLICA_READS_URL: url, REPLICA_READS_SECRET: secret, REPLICA_READS_AFTER_MS: slowAfterMs } = vars;
  const byJurisdiction = { eu: vars.REPLICA_READS_URL_EU, us: vars.REPLICA_READS_URL_US };
  return url === undefined || secret === undefined ? undefined : { url, byJurisdiction, secret, slowAfterMs };
}
