import { randomBytes } from "node:crypto";
import { zip } from "./eicar.ts";

const MEMBER_BYTES = 5_000_000;
/** Measured: clamd takes 15 to 30 ms for each. */
const MEMBERS = 40;
/** What doesn't pack: an archive that unpacks to 200 times its size isn't given to the scanner. */
const NOISE_BYTES = 50_000;

/** A small archive of much text, that keeps clamd busy for about a second: long enough to do something meanwhile. */
export function slowArchive(): Buffer {
  const text = Buffer.alloc(MEMBER_BYTES, "Some text, and then the same again. ");
  return zip(
    Array.from({ length: MEMBERS }, (_, index) => {
      // Never the same twice: clamd remembers what it found clean.
      randomBytes(NOISE_BYTES).copy(text);
      return { name: `text-${index}.txt`, content: text };
    }),
  );
}
