import { openPromise, type Entry, type ZipFile } from "yauzl";
import { NotLookedThrough } from "./findings.ts";

/** Of one part, and of all that is read of a file. Memory: one part at a time. */
const MAX_PART_BYTES = 32 * 2 ** 20;
const MAX_READ_BYTES = 256 * 2 ** 20;
const MAX_ENTRIES = 20_000;

/** The parts of a document that is a zip. Their names are compared in lower case, as Office does. */
export class ZipParts {
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;
  #readBytes = 0;

  private constructor(zip: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.#zip = zip;
    this.#entries = entries;
  }

  /** Throws NotLookedThrough for what can't be read, or has more entries than are looked at. */
  static async open(path: string): Promise<ZipParts> {
    const zip = await openPromise(path, { autoClose: false }).catch((cause: unknown) => {
      throw new NotLookedThrough("a zip that can't be read", { cause });
    });
    try {
      return new ZipParts(zip, await readEntries(zip));
    } catch (cause) {
      zip.close();
      throw new NotLookedThrough("a zip that can't be read", { cause });
    }
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  get hasEncrypted(): boolean {
    return [...this.#entries.values()].some((entry) => entry.isEncrypted());
  }

  /** A part's bytes; undefined where there is none. Throws NotLookedThrough where it is too much. */
  async read(name: string): Promise<Buffer | undefined> {
    const entry = this.#entries.get(name.toLowerCase());
    if (entry === undefined) return undefined;
    const pieces: Buffer[] = [];
    let partBytes = 0;
    try {
      for await (const piece of (await this.#zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
        partBytes += piece.byteLength;
        this.#readBytes += piece.byteLength;
        if (partBytes > MAX_PART_BYTES || this.#readBytes > MAX_READ_BYTES) throw new Error("too much");
        pieces.push(piece);
      }
    } catch (cause) {
      throw new NotLookedThrough("a part that can't be read, or is too large", { cause });
    }
    return Buffer.concat(pieces);
  }

  close(): void {
    this.#zip.close();
  }
}

async function readEntries(zip: ZipFile): Promise<ReadonlyMap<string, Entry>> {
  if (zip.entryCount > MAX_ENTRIES) throw new Error("too many entries");
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName.toLowerCase();
    // Of two, one reader takes the first and another the last.
    if (entries.has(name)) throw new Error("two entries of one name");
    entries.set(name, entry);
  }
  return entries;
}
