import fc from "fast-check";
import type { DialectName } from "../dialects.ts";
import { DIALECT_NAMES } from "../dialects.ts";
import type { Operation } from "./faults.ts";

const MIB = 1024 * 1024;
const MIN_PART_BYTES = 5 * MIB;

/** An append that is left waiting for the store, and what takes the upload over meanwhile. */
export interface SupersededAppend {
  /** How far it gets: somewhere in a part, past a part's end, so that the part is sent, or to the upload's end. */
  readonly sendsTo: "anywhere" | "past-a-part" | "the-end";
  /** Of the bytes that it might send: where `anywhere` is, or how much of the part after that one. */
  readonly share: number;
  /** Whether that is all of it. */
  readonly isWhole: boolean;
  /** Whether it doesn't tell its length, which might settle the size of parts. */
  readonly isChunked: boolean;
  /** How many calls of each kind are answered before one isn't. */
  readonly answered: number;
  /** `append` goes on where the append has got to; `stale-append` where it began, which is too late. */
  readonly takenOverBy: "head" | "append" | "stale-append";
  /** Of what is left then, how much an append that takes over brings. */
  readonly brought: number;
  /** What was held before lands while what takes over waits for the first such call. None: it doesn't land yet. */
  readonly landsDuring: readonly Operation[];
  readonly isCut: boolean;
}

/** An upload with such appends, one after another. */
export interface LateLanding {
  readonly dialect: DialectName;
  readonly lengthBytes: number;
  /** Size of a first append that nothing happens to, which may settle the size of parts; 0 for none. */
  readonly acknowledgedBytes: number;
  readonly superseded: readonly SupersededAppend[];
  /** When, seen from the upload's completion, that lands which is still held. */
  readonly lands: "before" | "during" | "after";
  /** What the upload's completion waits for while it does, with `during`. */
  readonly landsDuring: readonly Operation[];
  /** Which of the held calls goes on next, each time; begun anew when it is used up. */
  readonly order: readonly number[];
}

const share = fc.oneof(fc.constant(1), fc.double({ min: 0.01, max: 1, noNaN: true }));

/** Calls that whoever goes on is made to wait for. */
const awaited = fc.constantFrom<Operation[][]>(
  ["createMultipartUpload", "uploadPart", "put", "complete"],
  ["uploadPart", "put"],
  ["complete"],
);

const superseded: fc.Arbitrary<SupersededAppend> = fc.record({
  sendsTo: fc.oneof(
    { weight: 3, arbitrary: fc.constant("past-a-part" as const) },
    { weight: 2, arbitrary: fc.constant("the-end" as const) },
    { weight: 1, arbitrary: fc.constant("anywhere" as const) },
  ),
  share,
  isWhole: fc.boolean(),
  isChunked: fc.boolean(),
  answered: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(1) }),
  takenOverBy: fc.constantFrom<SupersededAppend["takenOverBy"][]>("head", "append", "stale-append"),
  brought: fc.oneof(fc.double({ min: 0, max: 0.2, noNaN: true }), share),
  landsDuring: fc.oneof(fc.constant([]), awaited),
  isCut: fc.boolean(),
});

/** Files of one `put`. */
const small = fc.record({
  lengthBytes: fc.integer({ min: 1, max: 100_000 }),
  acknowledgedBytes: fc.constant(0),
});

/** Files of parts. */
const large = fc
  .record({
    partBytes: fc.integer({ min: MIN_PART_BYTES, max: MIN_PART_BYTES + 1_000 }),
    parts: fc.constantFrom(1, 2, 3),
    moreBytes: fc.integer({ min: 1, max: MIB }),
    begins: fc.constantFrom("not" as const, "with-little" as const, "with-a-part" as const),
  })
  .map(({ partBytes, parts, moreBytes, begins }) => ({
    lengthBytes: parts * partBytes + moreBytes,
    acknowledgedBytes: { not: 0, "with-little": moreBytes, "with-a-part": partBytes }[begins],
  }));

const sizes = fc.oneof({ weight: 1, arbitrary: small }, { weight: 6, arbitrary: large });

export const LateLanding: fc.Arbitrary<LateLanding> = fc
  .tuple(
    sizes,
    fc.record({
      dialect: fc.constantFrom(...DIALECT_NAMES),
      superseded: fc.array(superseded, { minLength: 1, maxLength: 3 }),
      lands: fc.constantFrom<LateLanding["lands"][]>("before", "during", "after"),
      landsDuring: awaited,
      order: fc.array(fc.nat({ max: 11 }), { minLength: 1, maxLength: 6 }),
    }),
  )
  .map(([size, rest]) => ({ ...size, ...rest }));
