import { AppError } from "#contract/errors.ts";
import type { FailoverReason } from "#contract/replica-reads.ts";
import type { ServableObject } from "../services/servable.ts";
import type { ByteRange } from "../storage/object-store.ts";
import type { Circuit } from "./circuit.ts";
import type { Content, ContentSource } from "./content.ts";

/**
 * Reads from a replica what the primary doesn't give: because it has no such object, because it fails, because it is slow,
 * or because it has failed so often that it isn't asked at the moment. Which object may be served has been decided before,
 * and isn't decided here: a replica is another place of the same bytes.
 */
export interface FailoverParts {
  readonly primary: ContentSource;
  readonly circuit: Circuit;
  /** How long the primary may take to begin its answer before a replica is asked too. */
  readonly slowAfterMs: number;
  readonly replicas: ReplicaSource;
  /** Has the primary's object made again, of a copy that was just read. Never throws. */
  readonly repair: (object: ServableObject, target: string) => void;
}

/** What became of reading a copy. */
export type CopyRead =
  | { readonly kind: "opened"; readonly body: ReadableStream<Uint8Array>; readonly target: string }
  /** No target has a copy. */
  | { readonly kind: "none" }
  /** There are copies, and none of them could be read. */
  | { readonly kind: "unreadable" };

/** Never throws. */
export type ReplicaSource = (
  object: ServableObject,
  range: ByteRange | undefined,
  reason: FailoverReason,
) => Promise<CopyRead>;

type Attempt =
  | { readonly kind: "found"; readonly content: Content }
  | { readonly kind: "missing" }
  | { readonly kind: "failed"; readonly error: unknown };

type FirstAnswer = Exclude<Attempt, { kind: "found" }> | { readonly kind: "slow" };

export function failoverContent(parts: FailoverParts): ContentSource {
  return async (object, range) => {
    const ask = () => attempt(parts.primary, object, range);
    if (!parts.circuit.admits(Date.now())) {
      return (await readCopy(parts, object, range, "circuit-open")) ?? contentOf(await ask());
    }
    const asking = ask();
    const first = await withinTime(asking, parts.slowAfterMs);
    noteIn(parts.circuit, first);
    if (first.kind === "found") return first.content;
    const copy = await readCopy(parts, object, range, REASONS[first.kind]);
    if (copy === undefined) return contentOf(await asking);
    if (first.kind === "slow") void discard(asking);
    return copy;
  };
}

const REASONS = { missing: "missing", failed: "unavailable", slow: "slow" } as const satisfies Record<
  FirstAnswer["kind"],
  FailoverReason
>;

async function attempt(
  primary: ContentSource,
  object: ServableObject,
  range: ByteRange | undefined,
): Promise<Attempt> {
  try {
    const content = await primary(object, range);
    return content === undefined ? { kind: "missing" } : { kind: "found", content };
  } catch (error) {
    return { kind: "failed", error };
  }
}

async function withinTime(asking: Promise<Attempt>, limitMs: number): Promise<Attempt | FirstAnswer> {
  const { promise: slow, resolve } = Promise.withResolvers<FirstAnswer>();
  const timer = setTimeout(() => resolve({ kind: "slow" }), limitMs);
  const first = await Promise.race([asking, slow]);
  clearTimeout(timer);
  return first;
}

/** What comes after it was too slow says nothing of the store's health: the callers that it kept waiting have gone. */
function noteIn(circuit: Circuit, { kind }: Attempt | FirstAnswer): void {
  if (kind === "found" || kind === "missing") circuit.noteAnswer();
  else circuit.noteFailure(Date.now());
}

/**
 * Undefined where there is no copy that helps. Throws `STORE_UNAVAILABLE` where the primary has lost the object and its
 * copies can't be read now: it isn't gone.
 */
async function readCopy(
  { replicas, repair }: FailoverParts,
  object: ServableObject,
  range: ByteRange | undefined,
  failover: FailoverReason,
): Promise<Content | undefined> {
  const copy = await replicas(object, range, failover);
  if (copy.kind === "opened") {
    if (failover === "missing") repair(object, copy.target);
    return { body: copy.body, failover };
  }
  if (failover === "missing" && copy.kind === "unreadable") throw new AppError("STORE_UNAVAILABLE");
  return undefined;
}

/** Throws what the primary threw. */
function contentOf(attempted: Attempt): Content | undefined {
  if (attempted.kind === "failed") throw attempted.error;
  return attempted.kind === "found" ? attempted.content : undefined;
}

/** Lets go of an answer that came too late. */
async function discard(asking: Promise<Attempt>): Promise<void> {
  const late = await asking;
  if (late.kind === "found") await late.content.body.cancel().catch(() => undefined);
}
