import type { Numbers } from "../killable/seeded.ts";

/** One thing that a client of tus does to its one upload. */
export type Step =
  | { readonly do: "create"; readonly lengthBytes?: number; readonly bodyBytes?: number }
  | { readonly do: "append"; readonly at: number; readonly bytes: number; readonly lengthBytes?: number }
  | { readonly do: "append-as"; readonly contentType: string }
  | { readonly do: "head" }
  | { readonly do: "terminate" };

export interface History {
  readonly name: string;
  /** What the whole file would be. */
  readonly sizeBytes: number;
  readonly steps: readonly Step[];
}

const MIB = 1024 * 1024;
const HEAD: Step = { do: "head" };
const END: Step = { do: "terminate" };

const append = (at: number, bytes: number): Step => ({ do: "append", at, bytes });

/** What tus says, and the sizes at which stores change their ways. */
export const HISTORIES: readonly History[] = [
  { name: "in one", sizeBytes: 1_000, steps: [create(1_000), append(0, 1_000), HEAD] },
  { name: "of nothing", sizeBytes: 0, steps: [create(0), HEAD, append(0, 0)] },
  {
    name: "in pieces smaller than a part",
    sizeBytes: 3_000,
    steps: [create(3_000), append(0, 1_000), HEAD, append(1_000, 1_999), HEAD, append(2_999, 1), HEAD],
  },
  {
    name: "over parts",
    sizeBytes: 11 * MIB,
    steps: [
      create(11 * MIB),
      append(0, 6 * MIB),
      HEAD,
      append(6 * MIB, 100),
      append(6 * MIB + 100, 5 * MIB - 100),
      HEAD,
    ],
  },
  {
    name: "at wrong offsets",
    sizeBytes: 100,
    steps: [
      create(100),
      append(1, 10),
      append(0, 50),
      append(0, 50),
      append(60, 40),
      HEAD,
      append(50, 50),
      append(100, 0),
    ],
  },
  {
    name: "with more than its length",
    sizeBytes: 100,
    steps: [create(100), append(0, 101), HEAD, append(0, 100), append(100, 1), HEAD],
  },
  {
    name: "of another type",
    sizeBytes: 100,
    steps: [create(100), { do: "append-as", contentType: "text/plain" }, HEAD],
  },
  {
    name: "with its creation",
    sizeBytes: 200,
    steps: [{ do: "create", lengthBytes: 200, bodyBytes: 150 }, HEAD, append(150, 50), HEAD],
  },
  {
    name: "whose length comes later",
    sizeBytes: 200,
    steps: [
      { do: "create" },
      HEAD,
      append(0, 150),
      HEAD,
      { ...append(150, 50), lengthBytes: 200 } as Step,
      HEAD,
    ],
  },
  { name: "given up", sizeBytes: 100, steps: [create(100), append(0, 50), END, HEAD, append(50, 50), END] },
  { name: "given up when done", sizeBytes: 100, steps: [create(100), append(0, 100), END, HEAD] },
];

function create(lengthBytes: number): Step {
  return { do: "create", lengthBytes };
}

/** An upload in pieces of any sizes, with a question and a wrong offset here and there. */
export function drawHistory(numbers: Numbers, name: string): History {
  const sizeBytes = numbers.between(1, 11 * MIB);
  const steps: Step[] = [create(sizeBytes)];
  for (let at = 0; at < sizeBytes;) {
    const bytes = Math.min(sizeBytes - at, numbers.between(1, 6 * MIB));
    if (numbers.between(0, 3) === 0) steps.push(append(at + 1, bytes));
    steps.push(append(at, bytes));
    at += bytes;
    if (numbers.between(0, 1) === 0) steps.push(HEAD);
  }
  return { name, sizeBytes, steps };
}
