import { createHash } from "node:crypto";
import type { CopyReport, ObjectToCopy } from "#contract/replicas.ts";
import { ProcessorFailure } from "../failure.ts";
import type { ObjectStore, StoredObject } from "../object-store.ts";
import { type CopyOptions, type CopyOutcome, copyToTargets } from "./copy-to-targets.ts";
import { PrimaryMismatch } from "./primary-mismatch.ts";
import { ReplicaFault } from "./replica-fault.ts";
import type { CopyFacts, ReplicaTarget } from "./target.ts";

export type FailedCopy = Extract<CopyReport["outcome"], { state: "failed" }>;
/** By the target's name. */
export type FailedCopies = ReadonlyMap<string, FailedCopy>;

type Store = Pick<ObjectStore, "findObject">;

const MISSING: FailedCopy = {
  state: "failed",
  code: "primary-missing",
  detail: "The store has no object with these bytes any more: there is nothing to copy.",
  isPermanent: true,
};
const CHANGED: FailedCopy = {
  state: "failed",
  code: "primary-mismatch",
  detail: "The store's object has other bytes than those that were checked: they are copied nowhere.",
  isPermanent: true,
};
const BEHIND: FailedCopy = {
  state: "failed",
  code: "behind",
  detail: "The target couldn't keep up with others: it is copied to alone.",
  isPermanent: false,
};

/**
 * Copies one object to all targets with one read, and tells at which of them that failed. Throws STORE_UNAVAILABLE, and what
 * `signal` says.
 */
export async function copyObject(
  store: Store,
  object: ObjectToCopy,
  targets: readonly ReplicaTarget[],
  signal: AbortSignal,
  options: Pick<CopyOptions, "onAdvance"> = {},
): Promise<FailedCopies> {
  const all = (failed: FailedCopy): FailedCopies => new Map(targets.map(({ name }) => [name, failed]));
  const sha256 = object.sha256 ?? (await readSha256(store, object, signal));
  const found = sha256 === undefined ? undefined : await open(store, object, signal);
  if (sha256 === undefined || found === undefined) return all(MISSING);
  const { objectKey: key, contentType } = object;
  const disposition = object.disposition ?? undefined;
  const facts: CopyFacts = { key, sizeBytes: found.sizeBytes, sha256, contentType, disposition };
  try {
    return failuresOf(await copyToTargets(found.body, facts, targets, signal, options));
  } catch (error) {
    if (error instanceof PrimaryMismatch) return all(CHANGED);
    signal.throwIfAborted();
    if (error instanceof ProcessorFailure) throw error;
    throw new ProcessorFailure("STORE_UNAVAILABLE", { detail: "copying an object", cause: error });
  }
}

function open(store: Store, { objectKey, etag }: ObjectToCopy, signal: AbortSignal) {
  return store.findObject(objectKey, etag ?? undefined, signal);
}

/** Of what nobody has hashed yet, a derivative: it is read twice. */
async function readSha256(
  store: Store,
  object: ObjectToCopy,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found: StoredObject | undefined = await open(store, object, signal);
  if (found === undefined) return undefined;
  const hash = createHash("sha256");
  for await (const chunk of found.body) hash.update(chunk);
  return hash.digest("hex");
}

function failuresOf(outcomes: ReadonlyMap<string, CopyOutcome>): FailedCopies {
  return new Map(
    [...outcomes].flatMap(([name, outcome]) => {
      const failed = failureOf(outcome);
      return failed === undefined ? [] : [[name, failed] as const];
    }),
  );
}

function failureOf(outcome: CopyOutcome): FailedCopy | undefined {
  switch (outcome.state) {
    case "stored":
      return undefined;
    case "behind":
      return BEHIND;
    case "failed":
      return { state: "failed", ...explainFault(outcome.fault) };
  }
}

/** What a report says of what a target has thrown. */
export function explainFault(error: unknown): Omit<FailedCopy, "state"> {
  if (error instanceof ReplicaFault) {
    return { code: error.kind, detail: error.sentence, isPermanent: error.isPermanent };
  }
  const detail = "Something happened at the target that the processor doesn't know.";
  return { code: "unexpected", detail, isPermanent: false };
}
