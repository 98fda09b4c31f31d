import { randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { expect } from "vitest";
import { type CopyOutcome, copyToTargets } from "../../../../processor/replicate/copy-to-targets.ts";
import type { CopyPart } from "../../../../processor/replicate/parts.ts";
import type {
  CopyFacts,
  CopyRange,
  CopyWriter,
  ReplicaTarget,
} from "../../../../processor/replicate/target.ts";
import { distinctBytes } from "../../../support/distinct-bytes.ts";
import { sha256Of } from "../../../support/sha256.ts";
import { Changes } from "../../support/http-double.ts";

export const MIB = 1024 * 1024;
export const PART_BYTES = 8 * MIB;
const CHUNK_BYTES = 64 * 1024;
const WITHIN_MS = 50_000;

/** Something to copy, under a key that nobody else has. */
export interface Original {
  readonly bytes: Buffer;
  readonly facts: CopyFacts;
}

let longest = Buffer.alloc(0);

export function newOriginal(sizeBytes: number, given: Partial<CopyFacts> = {}): Original {
  // Made once: they cost more than copying them does.
  if (longest.byteLength < sizeBytes) longest = distinctBytes(sizeBytes);
  const bytes = longest.subarray(0, sizeBytes);
  const facts: CopyFacts = {
    key: `Acme/files/${randomUUID()}/1/original-1`,
    sizeBytes,
    sha256: sha256Of(bytes),
    contentType: "text/plain",
    ...given,
  };
  return { bytes, facts };
}

/** As a store would give it. */
export async function* streamOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

/** So much of it, and, when `then` is there, what breaks a copy off. */
export async function* brokenAfter(
  bytes: Uint8Array,
  at: number,
  then: Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield* streamOf(bytes.subarray(0, at));
  await then;
  throw BROKEN;
}

export const BROKEN = new Error("broken off");

export interface Watched {
  readonly target: ReplicaTarget;
  /** Of parts that it was given, whether they got there or not. */
  readonly givenBytes: number;
  /** Resolves when so many parts are durable. */
  taken(parts: number): Promise<void>;
}

/** A target whose parts are counted. */
export function watched(target: ReplicaTarget): Watched {
  const changes = new Changes();
  let givenBytes = 0;
  let durable = -1;
  const begin = async (...args: Parameters<ReplicaTarget["begin"]>): Promise<CopyWriter> => {
    const writer = await target.begin(...args);
    durable = 0;
    changes.notify();
    return new Proxy(writer, {
      get(of, name) {
        if (name !== "write") {
          const value: unknown = Reflect.get(of, name);
          return typeof value === "function" ? (value.bind(of) as unknown) : value;
        }
        return async (part: CopyPart, signal: AbortSignal) => {
          givenBytes += part.bytes.byteLength;
          await of.write(part, signal);
          durable += 1;
          changes.notify();
        };
      },
    });
  };
  const proxied = new Proxy(target, {
    get(of, name) {
      const value: unknown = Reflect.get(of, name);
      if (name === "begin") return begin;
      return typeof value === "function" ? (value.bind(of) as unknown) : value;
    },
  });
  return {
    target: proxied,
    get givenBytes() {
      return givenBytes;
    },
    taken: (parts) => changes.until(() => durable >= parts),
  };
}

/** Has a copy broken off when so many bytes have come and the target has taken so many parts. */
export async function breakCopy(
  target: ReplicaTarget,
  { bytes, facts }: Original,
  at: number,
  parts: number,
): Promise<Watched> {
  const first = watched(target);
  const broken = brokenAfter(bytes, at, first.taken(parts));
  await expect(copyToTargets(broken, facts, [first.target], soon())).rejects.toBe(BROKEN);
  return first;
}

export async function copyTo(target: ReplicaTarget, { bytes, facts }: Original): Promise<CopyOutcome> {
  const outcomes = await copyToTargets(streamOf(bytes), facts, [target], soon());
  const outcome = outcomes.get(target.name);
  if (outcome === undefined) throw new Error("A target has no outcome.");
  return outcome;
}

/** `stored`, or the kind of the fault. */
export function stateOf(outcome: CopyOutcome | undefined): string | undefined {
  return outcome?.state === "failed" ? outcome.fault.kind : outcome?.state;
}

export async function readAll(
  target: ReplicaTarget,
  key: string,
  range?: CopyRange,
): Promise<Buffer | undefined> {
  const found = await target.read(key, range, soon());
  return found && buffer(found.body);
}

/** SHA-256 of what a target gives back: two large buffers compare slowly in a test. */
export async function hashOf(target: ReplicaTarget, key: string): Promise<string | undefined> {
  const bytes = await readAll(target, key);
  return bytes && sha256Of(bytes);
}

export function soon(): AbortSignal {
  return AbortSignal.timeout(WITHIN_MS);
}
