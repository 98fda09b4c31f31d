import fc from "fast-check";
import type { DialectName } from "../dialects.ts";
import { DIALECT_NAMES } from "../dialects.ts";

const MIB = 1024 * 1024;
/** The part size that the product takes where the first append's length suggests none. */
const DEFAULT_PART_BYTES = 8 * MIB;
const MIN_PART_BYTES = 5 * MIB;

/** An append that stalls: what came before it, what it is like, and what happens while it stalls and after. */
export interface StalledAppend {
  readonly dialect: DialectName;
  /** Sizes of the appends that were acknowledged before. */
  readonly before: readonly number[];
  /** Bytes of the append that are sent before it stalls, and that aren't. */
  readonly sentBytes: number;
  readonly unsentBytes: number;
  /** Bytes of the upload that aren't in this append. */
  readonly leftBytes: number;
  readonly framing: "length" | "inside-a-chunk" | "between-chunks";
  readonly hasDigest: boolean;
  /** How far the server has got when the upload is asked for. */
  readonly stalls: "at-once" | "when-read" | "when-aside";
  /** The call to the store, the first of its kind, that has no answer meanwhile. */
  readonly held: "createMultipartUpload" | "uploadPart" | "none";
  /** What its connection does when the upload was asked for. */
  readonly afterwards: "sends-on" | "is-cut" | "stays";
  /** Whether whoever goes on does so in two appends. */
  readonly goesOnInTwo: boolean;
}

type Sizes = Pick<StalledAppend, "before" | "sentBytes" | "framing">;

const chunkedFraming = fc.constantFrom<StalledAppend["framing"][]>("inside-a-chunk", "between-chunks");
const framing = fc.oneof(fc.constant("length" as const), chunkedFraming);

/** Uploads of less than a part. */
const small = fc.record({
  framing,
  before: fc.oneof(
    fc.constant([]),
    fc.tuple(fc.integer({ min: 1, max: 5_000 })),
    fc.tuple(fc.integer({ min: 1, max: 300_000 }), fc.integer({ min: 1, max: 5_000 })),
  ),
  sentBytes: fc.oneof(
    fc.constantFrom(0, 1, 4_095, 4_096, 4_097, 262_143, 262_144, 262_145),
    fc.integer({ min: 0, max: 500_000 }),
  ),
});

/** Near a place where something changes, or anywhere. */
const aside = fc.oneof(fc.constantFrom(-1, 0, 1), fc.integer({ min: -MIB, max: MIB }));

/** Uploads whose append stalls near the end of a part: of the client's size, or of the product's own. */
const large: fc.Arbitrary<Sizes> = fc.oneof(
  fc
    .record({
      framing,
      partBytes: fc.integer({ min: MIN_PART_BYTES, max: MIN_PART_BYTES + 1_000 }),
      more: fc.oneof(fc.constant([]), fc.tuple(fc.integer({ min: 1, max: MIB }))),
      parts: fc.constantFrom(1, 2, 3),
      aside,
    })
    .map(({ framing, partBytes, more, parts, aside }) =>
      sizesUpTo({ framing, before: [partBytes, ...more] }, parts * partBytes + aside),
    ),
  fc
    .record({ framing, before: fc.tuple(fc.integer({ min: 1, max: MIB })), aside })
    .map((drawn) => sizesUpTo(drawn, DEFAULT_PART_BYTES + drawn.aside)),
  // The first append: it doesn't tell its length, which might settle the size of parts.
  fc
    .record({ framing: chunkedFraming, before: fc.constant([]), aside })
    .map((drawn) => sizesUpTo(drawn, DEFAULT_PART_BYTES + drawn.aside)),
);

function sizesUpTo({ framing, before }: Omit<Sizes, "sentBytes">, endBytes: number): Sizes {
  return { framing, before, sentBytes: Math.max(0, endBytes - sumOf(before)) };
}

function withRest(sizes: fc.Arbitrary<Sizes>): fc.Arbitrary<StalledAppend> {
  const rest = fc.record({
    dialect: fc.constantFrom(...DIALECT_NAMES),
    unsentBytes: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 200_000 })),
    leftBytes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100_000 })),
    hasDigest: fc.boolean(),
    stalls: fc.constantFrom<StalledAppend["stalls"][]>("at-once", "when-read", "when-aside"),
    held: fc.constantFrom<StalledAppend["held"][]>("createMultipartUpload", "uploadPart", "none"),
    afterwards: fc.constantFrom<StalledAppend["afterwards"][]>("sends-on", "is-cut", "stays"),
    goesOnInTwo: fc.boolean(),
  });
  return fc.tuple(sizes, rest).map(([a, b]) => ({ ...a, ...b }));
}

export const SmallStalledAppend = withRest(small);
export const LargeStalledAppend = withRest(large);

/** Places in an upload, in bytes. */
export interface Range {
  readonly acknowledgedBytes: number;
  readonly sentEnd: number;
  readonly appendEnd: number;
  readonly lengthBytes: number;
}

export function rangeOf({ before, sentBytes, unsentBytes, leftBytes }: StalledAppend): Range {
  const acknowledgedBytes = sumOf(before);
  const sentEnd = acknowledgedBytes + sentBytes;
  const appendEnd = sentEnd + unsentBytes;
  return { acknowledgedBytes, sentEnd, appendEnd, lengthBytes: appendEnd + leftBytes };
}

/** Where an upload is while its append stalls. */
export interface StalledState {
  /** Whether a call to the store is held while it stalls. */
  readonly isHeld: boolean;
  /** As far as the server reads at least, however little memory it has. */
  readonly readEnd: number;
  /** What HEAD may answer. */
  readonly offsets: { readonly least: number; readonly most: number };
  /** Bytes in the upload's rows when the stalled append's memory was given back. */
  readonly asideBytes: number;
}

/**
 * Follows from the rules of docs/protocols.md and the size of parts.
 * @param settledPartBytes size of the upload's parts, where what was acknowledged has settled it
 */
export function stateOf(stalled: StalledAppend, settledPartBytes: number | null): StalledState {
  const { acknowledgedBytes, sentEnd } = rangeOf(stalled);
  const partBytes = settledPartBytes ?? DEFAULT_PART_BYTES;
  const partEnd = (Math.floor(acknowledgedBytes / partBytes) + 1) * partBytes;
  const fillsPart = sentEnd >= partEnd;
  const isFirstPart = acknowledgedBytes < partBytes;
  const isCalled = fillsPart && (stalled.held === "uploadPart" || isFirstPart);
  const isHeld = stalled.held !== "none" && isCalled;
  // While a part is on its way to the store, as much as fits memory is taken of the next.
  const readEnd = isHeld ? partEnd : sentEnd;
  const takenEnd = isHeld ? Math.min(sentEnd, partEnd + partBytes) : sentEnd;
  return {
    isHeld,
    readEnd,
    offsets: {
      least: stalled.hasDigest || stalled.stalls === "at-once" ? acknowledgedBytes : readEnd,
      most: stalled.hasDigest ? acknowledgedBytes : takenEnd,
    },
    asideBytes: fillsPart
      ? asideAfterPart(stalled, partBytes)
      : stalled.sentBytes + (acknowledgedBytes % partBytes),
  };
}

/** The old tail is in the part that was filled, unless that part may yet be discarded. */
function asideAfterPart(stalled: StalledAppend, partBytes: number): number {
  const { acknowledgedBytes, sentEnd } = rangeOf(stalled);
  return (sentEnd % partBytes) + (stalled.hasDigest ? acknowledgedBytes % partBytes : 0);
}

function sumOf(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}
