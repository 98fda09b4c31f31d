import type { Variant } from "#contract/api.ts";
import type { Actor } from "#contract/audit.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import type { AppContext } from "../app-env.ts";
import { readingOf } from "../delivery/reading.ts";
import { recordRead } from "../services/audit.ts";
import { noteReading } from "../services/open-readings.ts";

interface Read {
  readonly actor: Actor;
  /** What tells readers apart that are one actor: the signature of the URL by which they read. */
  readonly by?: string;
  readonly ref: FileVersionRef;
  readonly variant: Variant;
  /** Whether it is for an export of all that the tenant has. */
  readonly isExport?: boolean;
  /** Whether the tenant's `readAuditSample` decides if it is recorded. */
  readonly sampled?: boolean;
}

/**
 * Records, while the answer is under way, that somebody reads a file, if it is a reading: an answer with the first bytes,
 * or one with later bytes that doesn't go on with what the same reader was reading (services/open-readings.ts).
 */
export function recordReading(c: AppContext, answer: Response, read: Read): void {
  const reading = readingOf(c.req.raw, answer);
  if (reading === undefined) return;
  const { actor, by = "", ref, variant, isExport = false, sampled = false } = read;
  const { tenantId, fileId, version } = ref;
  const nowMs = Date.now();
  const name = [tenantId, actor.kind, actor.id, by, fileId, version, variant, isExport].join(" ");
  const goesOn = noteReading(c.env, name, nowMs);
  if (goesOn && reading === "later part") return;
  const detail = { variant, ...(isExport ? { export: true } : {}) };
  const sampledAs = [
    ...(sampled ? (["byUrl"] as const) : []),
    ...(variant === "original" ? [] : (["ofDerivative"] as const)),
  ];
  c.executionCtx.waitUntil(recordRead(c.env, { actor, fileId, version, detail, atMs: nowMs }, sampledAs));
}
