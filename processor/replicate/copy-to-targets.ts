import { CopyDigests, toHex, type CopyChecksums } from "./checksums.ts";
import { CopyLane } from "./copy-lane.ts";
import { PartWindow } from "./part-window.ts";
import { choosePartBytes, PartBuffers, readParts } from "./parts.ts";
import { PrimaryMismatch } from "./primary-mismatch.ts";
import type { ReplicaFault } from "./replica-fault.ts";
import type { CopyFacts, ReplicaTarget, StoredCopy } from "./target.ts";

/** How long one target may keep the others waiting, in all of a copy: for each GiB of it that is begun. */
const PATIENCE_MS = 60_000;
const GIB = 1024 ** 3;

/** How a copy at one target ended. `behind`: it held up the others for too long, and is to be done alone. `sentBytes`: by this try. */
export type CopyOutcome =
  | { readonly state: "stored"; readonly copy: StoredCopy; readonly sentBytes: number }
  | { readonly state: "behind"; readonly sentBytes: number }
  | { readonly state: "failed"; readonly fault: ReplicaFault; readonly sentBytes: number };

export interface CopyOptions {
  readonly patienceMs?: number;
  /** Is called when any target has a part more. */
  readonly onAdvance?: () => void;
}

/**
 * Copies an object to several targets with one read of it. Throws PrimaryMismatch where its bytes aren't those of
 * `facts.sha256` (no target has a copy then), what the source throws, and the signal's reason; what was sent until then is
 * gone on with by the next try.
 * @param source from the object's first byte; ended early when no target wants more
 * @returns by the target's name
 */
export async function copyToTargets(
  source: AsyncIterable<Uint8Array>,
  facts: CopyFacts,
  targets: readonly ReplicaTarget[],
  signal: AbortSignal,
  {
    patienceMs = PATIENCE_MS * Math.ceil(Math.max(1, facts.sizeBytes) / GIB),
    onAdvance = () => {},
  }: CopyOptions = {},
): Promise<ReadonlyMap<string, CopyOutcome>> {
  const digests = await CopyDigests.create(new Set(targets.map(({ kind }) => kind)));
  const broken = new AbortController();
  const lanes = targets.map((target) => new CopyLane(target, AbortSignal.any([signal, broken.signal])));
  const buffers = new PartBuffers(Math.min(choosePartBytes(facts.sizeBytes), facts.sizeBytes));
  const window = new PartWindow(lanes, buffers, patienceMs);
  const checksums = Promise.withResolvers<CopyChecksums>();
  const events = {
    released: window.release.bind(window),
    left: window.leave.bind(window),
    advanced: onAdvance,
  };
  const runs = lanes.map(
    async (lane) => [lane.name, await lane.run(facts, checksums.promise, events)] as const,
  );
  // Awaited below, when the source has been read.
  for (const run of runs) run.catch(() => {});
  try {
    const read = await readInto(window, digests, source, facts, buffers);
    if (read !== undefined) checksums.resolve(read);
    return new Map(await Promise.all(runs));
  } catch (error) {
    // Whoever waits for checksums ends by this one, and abandons what it sent where it is of no use.
    checksums.reject(error);
    broken.abort(error);
    await Promise.allSettled([...runs, checksums.promise]);
    throw error;
  }
}

/** Undefined when nobody wanted all of it. */
async function readInto(
  window: PartWindow,
  digests: CopyDigests,
  source: AsyncIterable<Uint8Array>,
  { sizeBytes, sha256 }: CopyFacts,
  buffers: PartBuffers,
): Promise<CopyChecksums | undefined> {
  const partBytes = choosePartBytes(sizeBytes);
  for await (const part of readParts(watched(source, digests), sizeBytes, partBytes, buffers)) {
    if (!window.isWanted) return undefined;
    await window.offer(part);
  }
  const checksums = digests.finish();
  if (toHex(checksums.sha256) !== sha256) throw new PrimaryMismatch("other bytes");
  return checksums;
}

/** By what comes, not by part: a part at once would keep the process from all else for a tenth of a second. */
async function* watched(source: AsyncIterable<Uint8Array>, digests: CopyDigests): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    digests.update(chunk);
    yield chunk;
  }
}
