import { Leases } from "./leases.ts";
import { LEASE_MS } from "./times.ts";

const KIB = 1024;

/** What a body is read into at first: most of those that are open at a time bring little, or nothing for now. */
export const FIRST_BYTES = 16 * KIB;
/** What workerd's HTTP server hands over at a time at most: anything less takes two wake-ups of JavaScript for it. */
export const FULL_BYTES = 408 * KIB;
/** Where there is no memory for a full one: what is put aside then is written in pieces that aren't too small. */
export const MIDDLE_BYTES = 128 * KIB;
/** Where there is no memory: as good as nothing beside what an open request takes. */
const LEAST_BYTES = KIB;
/** All of an isolate's reading buffers: full ones for 32 bodies, and first ones for some 80 more. */
export const READING_BYTES = 14 * KIB * KIB;
/** Beside that, for middle ones: who comes when others have all the full ones. */
export const MIDDLE_ROOM_BYTES = 6 * KIB * KIB;
/** Of each size: a new one for each body would be what fills the memory until it is collected. */
const KEPT = 16;

/**
 * Memory that bodies are read into, bounded over all requests of the isolate, and lent as slabs are (slabs.ts): a body
 * says at times that it is still there. A read takes its buffer and brings another with the same memory, so it is the
 * reader that something is lent to.
 */
export class ReadingBuffers {
  readonly #limitBytes: number;
  readonly #now: () => number;
  readonly #middleRoomBytes: number;
  readonly #lent = new Leases<object>();
  readonly #free = new Map<number, ArrayBuffer[]>([
    [FIRST_BYTES, []],
    [MIDDLE_BYTES, []],
    [FULL_BYTES, []],
  ]);
  #freeBytes = 0;

  constructor(
    limitBytes = READING_BYTES,
    now: () => number = () => Date.now(),
    middleRoomBytes = MIDDLE_ROOM_BYTES,
  ) {
    this.#limitBytes = limitBytes;
    this.#now = now;
    this.#middleRoomBytes = middleRoomBytes;
  }

  /** What is lent and what is kept. */
  get residentBytes(): number {
    return this.#lent.sizeBytes + this.#freeBytes;
  }

  /** For a reader that has none yet. */
  take(reader: object): ArrayBuffer {
    return this.#tryLend(reader, FIRST_BYTES) ?? this.#lend(reader, LEAST_BYTES);
  }

  /** A full one in the place of a reader's `buffer`, or what there is memory for. */
  grow(reader: object, buffer: ArrayBuffer): ArrayBuffer {
    this.give(reader, buffer);
    return (
      this.#tryLend(reader, FULL_BYTES) ??
      this.#tryLend(reader, MIDDLE_BYTES, this.#middleRoomBytes) ??
      this.take(reader)
    );
  }

  /** Word of a reader: it is still there. */
  renew(reader: object): void {
    this.#lent.renew(reader, this.#now() + LEASE_MS);
  }

  /** Takes back what was lent; `buffer` is undefined where a read that failed has kept it. */
  give(reader: object, buffer: ArrayBuffer | undefined): void {
    if (!this.#lent.end(reader) || buffer === undefined) return;
    const kept = this.#free.get(buffer.byteLength);
    if (kept === undefined || kept.length >= KEPT) return;
    kept.push(buffer);
    this.#freeBytes += buffer.byteLength;
  }

  #tryLend(reader: object, sizeBytes: number, beyondBytes = 0): ArrayBuffer | undefined {
    const fits = (): boolean => this.#lent.sizeBytes + sizeBytes <= this.#limitBytes + beyondBytes;
    if (!fits()) this.#lent.endLapsed(this.#now());
    return fits() ? this.#lend(reader, sizeBytes) : undefined;
  }

  #lend(reader: object, sizeBytes: number): ArrayBuffer {
    const buffer = this.#takeKept(sizeBytes) ?? new ArrayBuffer(sizeBytes);
    this.#lent.lend(reader, sizeBytes, this.#now() + LEASE_MS);
    // What is kept counts as what is lent does.
    for (const size of this.#free.keys()) {
      while (this.residentBytes > this.#limitBytes && this.#takeKept(size) !== undefined);
    }
    return buffer;
  }

  #takeKept(sizeBytes: number): ArrayBuffer | undefined {
    const buffer = this.#free.get(sizeBytes)?.pop();
    if (buffer !== undefined) this.#freeBytes -= sizeBytes;
    return buffer;
  }
}

/** The isolate's, as `isolateSlabs` is. */
export const isolateReadingBuffers = new ReadingBuffers();
