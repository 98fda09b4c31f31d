import { randomBytes } from "node:crypto";
import { zip } from "./eicar.ts";

const MEMBER_BYTES = 5_000_000;
/** Measured on an idle core: clamd unpacks and searches 5 MB of text in 27 ms. */
const MEMBERS_PER_SECOND = 37;

/** A small archive that keeps clamd busy for about `seconds`: long enough for something to be done to the stack. */
export function slowArchive(seconds: number): Buffer {
  // Never the same twice: clamd remembers what it found clean.
  const text = Buffer.alloc(MEMBER_BYTES, `${randomBytes(20).toString("hex")} is some text, and `);
  return zip(
    Array.from({ length: Math.ceil(seconds * MEMBERS_PER_SECOND) }, (_, index) => {
      text.write(randomBytes(20).toString("hex"));
      return { name: `text-${index}.txt`, content: text };
    }),
  );
}
