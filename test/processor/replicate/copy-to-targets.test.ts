import { expect, test } from "vitest";
import { copyToTargets } from "../../../processor/replicate/copy-to-targets.ts";
import { PartWindow } from "../../../processor/replicate/part-window.ts";
import { PartBuffers, type CopyPart } from "../../../processor/replicate/parts.ts";
import { ReplicaFault } from "../../../processor/replicate/replica-fault.ts";
import type { CopyWriter, ReplicaTarget } from "../../../processor/replicate/target.ts";
import { sha256Of } from "../../support/sha256.ts";
import { newOriginal, type Original, PART_BYTES, soon, stateOf, streamOf } from "./support/copies.ts";

/** Keeps what it is given, part by part; `onPart` may wait or throw. */
class MemoryTarget {
  readonly kind = "s3";
  readonly name: string;
  readonly parts: Buffer[] = [];
  isComplete = false;
  isAbandoned = false;
  readonly #onPart: (part: CopyPart, signal: AbortSignal) => Promise<void> | void;

  constructor(
    name: string,
    onPart: (part: CopyPart, signal: AbortSignal) => Promise<void> | void = () => {},
  ) {
    this.name = name;
    this.#onPart = onPart;
  }

  get sha256(): string {
    return sha256Of(Buffer.concat(this.parts));
  }

  get asTarget(): ReplicaTarget {
    return this as unknown as ReplicaTarget;
  }

  async begin(): Promise<CopyWriter> {
    return {
      sentBytes: 0,
      confirm: () => {},
      write: async (part, signal) => {
        await this.#onPart(part, signal);
        this.parts.push(Buffer.from(part.bytes));
      },
      complete: async () => {
        this.isComplete = true;
        const none = { contentType: undefined, disposition: undefined, sha256: undefined };
        return { key: "k", sizeBytes: 0, etag: "", ...none, checksums: {} };
      },
      abandon: async () => {
        this.isAbandoned = true;
      },
    };
  }
}

const PARTS = 12;

function copy(original: Original, targets: readonly MemoryTarget[], patienceMs?: number) {
  const asTargets = targets.map(({ asTarget }) => asTarget);
  const options = patienceMs === undefined ? {} : { patienceMs };
  return copyToTargets(streamOf(original.bytes), original.facts, asTargets, soon(), options);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error));
  });
}

test("one read goes to all, with the checksums that their services keep", async () => {
  const original = newOriginal(PARTS * PART_BYTES + 1);
  const targets = [new MemoryTarget("a"), new MemoryTarget("b")];
  let reads = 0;
  const counted = {
    [Symbol.asyncIterator]: () => {
      reads += 1;
      return streamOf(original.bytes)[Symbol.asyncIterator]();
    },
  };
  const asTargets = targets.map(({ asTarget }) => asTarget);
  const outcomes = await copyToTargets(counted, original.facts, asTargets, soon());
  expect(reads).toBe(1);
  for (const target of targets) {
    expect(stateOf(outcomes.get(target.name))).toBe("stored");
    expect(target.sha256).toBe(original.facts.sha256);
  }
});

test("who stands still falls behind, is cut off, and the others are stored", async () => {
  const original = newOriginal(PARTS * PART_BYTES);
  let cutOff: unknown;
  const slow = new MemoryTarget("slow", async ({ index }, signal) => {
    if (index !== 2) return;
    await untilAborted(signal).finally(() => {
      cutOff = signal.reason;
    });
  });
  const fast = new MemoryTarget("fast");
  const outcomes = await copy(original, [slow, fast], 50);
  expect(outcomes.get("slow")).toEqual({ state: "behind", sentBytes: 2 * PART_BYTES });
  expect(cutOff).toBeDefined();
  expect(slow).toMatchObject({ isComplete: false, isAbandoned: false });
  expect(stateOf(outcomes.get("fast"))).toBe("stored");
  expect(fast.sha256).toBe(original.facts.sha256);
});

test("who is alone holds up nobody, however long it takes", async () => {
  const original = newOriginal(PARTS * PART_BYTES);
  const turns = Promise.withResolvers<void>();
  const slow = new MemoryTarget("slow", async ({ index }) => {
    if (index === 1) setTimeout(turns.resolve, 100);
    if (index === 1) await turns.promise;
  });
  expect(stateOf((await copy(original, [slow], 10)).get("slow"))).toBe("stored");
});

test("the source waits when five parts are held, until one of them is sent", async () => {
  const buffers = new PartBuffers(1);
  const taker = { push: () => {}, fallBehind: () => {} };
  const window = new PartWindow([taker], buffers, 10);
  const parts = Array.from({ length: 5 }, (_, index): CopyPart => {
    return { index, offset: index, bytes: buffers.take(), md5: "", isLast: false };
  });
  const offers = parts.map((part) => window.offer(part));
  await Promise.all(offers.slice(0, 4));
  let isOffered = false;
  const last = offers[4]?.then(() => {
    isOffered = true;
  });
  await new Promise(setImmediate);
  expect(isOffered).toBe(false);
  for (const part of parts.slice(0, 1)) window.release(part, taker);
  await last;
  // What was given back is used again.
  expect(buffers.take().buffer).toBe(parts[0]?.bytes.buffer);
});

test.each([
  ["unavailable", false],
  ["mismatch", true],
  ["refused", true],
] as const)("one target's %s is its own, and what was sent is given up: %s", async (kind, isAbandoned) => {
  const original = newOriginal(2 * PART_BYTES);
  const broken = new MemoryTarget("broken", () => {
    throw new ReplicaFault(kind);
  });
  const fine = new MemoryTarget("fine");
  const outcomes = await copy(original, [broken, fine]);
  expect(stateOf(outcomes.get("broken"))).toBe(kind);
  expect(broken.isAbandoned).toBe(isAbandoned);
  expect(stateOf(outcomes.get("fine"))).toBe("stored");
});

test("when nobody wants more the source isn't read to its end", async () => {
  const original = newOriginal(PARTS * PART_BYTES);
  let read = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of streamOf(original.bytes)) {
      read += chunk.byteLength;
      yield chunk;
    }
  }
  const broken = new MemoryTarget("broken", () => {
    throw new ReplicaFault("full");
  });
  const outcomes = await copyToTargets(counted(), original.facts, [broken.asTarget], soon());
  expect(stateOf(outcomes.get("broken"))).toBe("full");
  expect(read).toBeLessThan(original.facts.sizeBytes);
});

test("a primary that is shorter or longer than it should be is no copy", async () => {
  const { bytes, facts } = newOriginal(PART_BYTES + 5);
  for (const sizeBytes of [facts.sizeBytes + 1, facts.sizeBytes - 1]) {
    const target = new MemoryTarget("a");
    const copying = copyToTargets(streamOf(bytes), { ...facts, sizeBytes }, [target.asTarget], soon());
    await expect(copying).rejects.toMatchObject({ name: "PrimaryMismatch" });
    expect(target.isComplete).toBe(false);
  }
});

test("a signal that is aborted ends it all with its own reason", async () => {
  const original = newOriginal(2 * PART_BYTES);
  const stop = new AbortController();
  const reason = new Error("stopped");
  const target = new MemoryTarget("a", (_part, signal) => {
    queueMicrotask(() => stop.abort(reason));
    return untilAborted(signal);
  });
  const copying = copyToTargets(streamOf(original.bytes), original.facts, [target.asTarget], stop.signal);
  await expect(copying).rejects.toBe(reason);
});
