import fc from "fast-check";
import { expect, test } from "vitest";
import { DIALECTS } from "../support/dialects.ts";
import { distinctBytes } from "../support/distinct-bytes.ts";
import type { Fault, Operation, StoreCall } from "../support/faulty/faults.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { LateLanding, type SupersededAppend } from "../support/faulty/superseded-append.ts";
import { isOver, UploadAtFaults } from "../support/faulty/upload-at-faults.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { runs, timeLimitMs } from "../support/runs.ts";
import { chunkOf, LAST_CHUNK } from "../support/tus.ts";

/** Uploads at a time. */
const AT_ONCE = 3;
const ROUNDS = runs(1, 67);

const POLLING = { interval: 10, timeout: 30_000 } as const;
const WRITES = ["createMultipartUpload", "uploadPart", "put", "complete"] as const satisfies Operation[];

const MIB = 1024 * 1024;
/** Where the size of an upload's parts isn't settled yet. */
const USUAL_PART_BYTES = 8 * MIB;
const SOURCE = distinctBytes(17 * MIB);

const stack = useFaultyStack();

/** One upload under test. Between its steps every held call is one of a writer that was taken over. */
class Run {
  readonly #upload: UploadAtFaults;
  readonly #bytes: Buffer<ArrayBuffer>;
  readonly #order: readonly number[];
  readonly #requests: RawRequest[] = [];
  #releases = 0;
  /** The least that is durable: what was acknowledged or told. */
  #known = 0;
  /** As far as bytes were ever sent. */
  #sentEnd = 0;
  #isComplete = false;

  private constructor(upload: UploadAtFaults, bytes: Buffer<ArrayBuffer>, order: readonly number[]) {
    this.#upload = upload;
    this.#bytes = bytes;
    this.#order = order;
  }

  static async make(landing: LateLanding): Promise<void> {
    const upload = await UploadAtFaults.begin(stack, DIALECTS[landing.dialect], landing.lengthBytes);
    const run = new Run(upload, SOURCE.subarray(0, landing.lengthBytes), landing.order);
    if (landing.acknowledgedBytes > 0) await run.#append(landing.acknowledgedBytes);
    for (const each of landing.superseded) if (!run.#isComplete) await run.#supersede(each);
    await run.#finish(landing);
  }

  async #supersede(superseded: SupersededAppend): Promise<void> {
    const request = await this.#leaveWaiting(superseded);
    await this.#goOn(() => this.#takeOver(superseded), superseded.landsDuring);
    await this.#learn();
    if (superseded.isCut) await request.cut();
  }

  /** Opens an append and waits until the store has it waiting, or until all that it sends is taken or answered. */
  async #leaveWaiting(superseded: SupersededAppend): Promise<RawRequest> {
    const content = await this.#contentOf(superseded);
    const body = superseded.isWhole ? content : this.#bytes.subarray(this.#known);
    const before = await this.#heldIds();
    const { readBytes } = await this.#upload.seen();
    const answers = Array.from({ length: superseded.answered }, () => ({ kind: "none" }) as const);
    await this.#plan(WRITES, ...answers, { kind: "hold" });
    const { headers, sent } = framed(superseded, content, body.byteLength);
    const request = await this.#upload.open(this.#headOf(body), headers);
    this.#requests.push(request);
    this.#sentEnd = Math.max(this.#sentEnd, this.#known + content.byteLength);
    // Not awaited: what waits for the store reads nothing meanwhile.
    request.write(sent).catch(() => {});
    const isWaiting = async (): Promise<boolean> => {
      if (isOver(request) || (await this.#heldSince(before)).length > 0) return true;
      const isTaken = (await this.#upload.seen()).readBytes - readBytes >= content.byteLength;
      return isTaken && content.byteLength < body.byteLength;
    };
    await expect.poll(isWaiting, POLLING).toBe(true);
    await this.#plan(WRITES);
    return request;
  }

  async #contentOf({ sendsTo, share }: SupersededAppend): Promise<Buffer<ArrayBuffer>> {
    const left = this.#bytes.subarray(this.#known);
    if (sendsTo === "the-end") return left;
    if (sendsTo === "anywhere") return left.subarray(0, Math.ceil(left.byteLength * share));
    const { partBytes } = await this.#upload.rows();
    const size = partBytes ?? USUAL_PART_BYTES;
    const toPartEnd = size - (this.#known % size);
    return left.subarray(0, toPartEnd + Math.floor(size * share));
  }

  async #takeOver({ takenOverBy, brought }: SupersededAppend): Promise<void> {
    if (takenOverBy === "head") return this.#learn();
    const offset = takenOverBy === "append" ? this.#sentEnd : this.#known;
    const left = this.#bytes.subarray(offset);
    const body = left.subarray(0, Math.ceil(left.byteLength * brought));
    this.#sentEnd = Math.max(this.#sentEnd, offset + body.byteLength);
    const status = await this.#upload.append(this.#headOf(body, offset), body);
    // Whether its offset was right depends on how much of the other was taken; what it was, HEAD tells.
    expect([201, 204, 409, undefined]).toContain(status);
    if (status === 201 || status === 204) this.#known = offset + body.byteLength;
  }

  /**
   * Does `work`, and lets all that was held before land, in the run's own order, while the work's first call of these
   * operations waits.
   */
  async #goOn(work: () => Promise<void>, landsDuring: readonly Operation[]): Promise<void> {
    // Whoever appends behind an overlong tail waits for the one who is storing that already, and asks the store nothing.
    if (await this.#hasOverlongTail()) await this.#releaseAll();
    if (landsDuring.length === 0) return work();
    const before = await this.#heldIds();
    await this.#plan(landsDuring, { kind: "hold" });
    let isDone = false;
    const working = work().finally(() => {
      isDone = true;
    });
    // Met below; a wait that ends in a failure before it mustn't leave it unhandled.
    working.catch(() => {});
    const isWaiting = async () => (await this.#heldSince(before)).length > 0;
    await expect.poll(async () => isDone || (await isWaiting()), POLLING).toBe(true);
    await this.#plan(WRITES);
    await this.#releaseAll(before);
    await expect
      .poll(async () => {
        for (const call of await this.#heldSince(before)) await this.#upload.release(call);
        return isDone;
      }, POLLING)
      .toBe(true);
    await working;
  }

  async #hasOverlongTail(): Promise<boolean> {
    const { asideBytes, partBytes } = await this.#upload.rows();
    return partBytes !== null && asideBytes >= partBytes;
  }

  /** Completes the upload, and compares what is stored when everything has landed. */
  async #finish({ lands, landsDuring }: LateLanding): Promise<void> {
    if (lands === "before") await this.#releaseAll();
    await this.#learn();
    const complete = () => this.#append(this.#bytes.byteLength);
    if (!this.#isComplete) await this.#goOn(complete, lands === "during" ? landsDuring : []);
    await this.#upload.expectStored(this.#bytes);
    await this.#releaseAll();
    await expect.poll(() => this.#upload.calls(), POLLING).toEqual([]);
    for (const request of this.#requests) await request.cut();
    await this.#learn();
    expect(this.#isComplete).toBe(true);
    await this.#upload.expectStored(this.#bytes);
  }

  /** Appends up to `end`, which has to succeed. */
  async #append(end: number): Promise<void> {
    const body = this.#bytes.subarray(this.#known, end);
    await this.#upload.mustAppend(this.#headOf(body), body);
    this.#known = end;
    this.#sentEnd = Math.max(this.#sentEnd, end);
  }

  /** Asks where the upload is: never before what was acknowledged, and never beyond what was sent. */
  async #learn(): Promise<void> {
    const { offset, complete } = await this.#upload.head();
    expect(offset).toBeGreaterThanOrEqual(this.#known);
    expect(offset).toBeLessThanOrEqual(this.#sentEnd);
    this.#known = offset;
    this.#isComplete = complete;
  }

  /** Lets held calls land one after another, in the run's own order. */
  async #releaseAll(only?: ReadonlySet<number>): Promise<void> {
    for (;;) {
      const held = (await this.#upload.held()).filter(({ id }) => only?.has(id) ?? true);
      const call = held[(this.#order[this.#releases % this.#order.length] ?? 0) % held.length];
      if (call === undefined) return;
      this.#releases += 1;
      await this.#upload.release(call);
    }
  }

  async #plan(operations: readonly Operation[], ...faults: readonly Fault[]): Promise<void> {
    for (const operation of operations) await this.#upload.plan(operation, ...faults);
  }

  async #heldSince(before: ReadonlySet<number>): Promise<readonly StoreCall[]> {
    return (await this.#upload.held()).filter(({ id }) => !before.has(id));
  }

  async #heldIds(): Promise<ReadonlySet<number>> {
    return new Set((await this.#upload.held()).map(({ id }) => id));
  }

  #headOf(body: Uint8Array, offset = this.#known) {
    return { offset, completes: offset + body.byteLength === this.#bytes.byteLength };
  }
}

/** The content of an append of `bodyBytes` in all, as it goes over the line. */
function framed({ isChunked }: SupersededAppend, content: Buffer, bodyBytes: number) {
  if (!isChunked) return { headers: { "content-length": String(bodyBytes) }, sent: content };
  // A chunk without content would be the last.
  const chunks = content.byteLength === 0 ? [] : [chunkOf(content)];
  if (content.byteLength === bodyBytes) chunks.push(LAST_CHUNK);
  return { headers: { "transfer-encoding": "chunked" }, sent: Buffer.concat(chunks) };
}

/** Makes a run and says, if it fails, which it was. */
async function describedRun(landing: LateLanding): Promise<void> {
  await Run.make(landing).catch((cause: unknown) => {
    throw new Error(`${String(cause)}\nwith ${JSON.stringify(landing)}`, { cause });
  });
}

test(
  `what lands in the store after its writer was taken over harms nothing (${ROUNDS * AT_ONCE} uploads)`,
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(LateLanding, { minLength: AT_ONCE, maxLength: AT_ONCE }),
        async (landings) => {
          await stack.control({ reset: true });
          const ended = await Promise.allSettled(landings.map(describedRun));
          for (const each of ended) if (each.status === "rejected") throw each.reason;
        },
      ),
      { numRuns: ROUNDS, endOnFailure: true },
    );
  },
  timeLimitMs(60_000, ROUNDS),
);

test("a multipart upload that is made after its writer was given up isn't the one that is finished", async () => {
  const bytes = SOURCE.subarray(0, 10_000_000);
  const upload = await UploadAtFaults.begin(stack, DIALECTS.tus, bytes.byteLength);
  await upload.plan("createMultipartUpload", { kind: "hold" });
  // Chunked, so parts are of the usual size: the first is on its way when the last byte comes.
  const request = await upload.open({ offset: 0, completes: true }, { "transfer-encoding": "chunked" });
  request.write(Buffer.concat([chunkOf(bytes), LAST_CHUNK])).catch(() => {});
  await expect.poll(async () => (await upload.held()).length, POLLING).toBe(1);
  await expect.poll(async () => (await upload.seen()).readBytes, POLLING).toBe(bytes.byteLength);
  const [create] = await upload.held();

  // The finaliser makes another, whose part is held when the first one's answer comes.
  await upload.plan("uploadPart", { kind: "hold" });
  const told = upload.head();
  await expect.poll(async () => (await upload.held()).length, POLLING).toBe(2);
  if (create !== undefined) await upload.release(create);
  expect(await told).toMatchObject({ status: 200, offset: bytes.byteLength });
  for (const call of await upload.held()) await upload.release(call);
  await expect.poll(request.received, POLLING).toContain("204");
  await upload.expectStored(bytes);
  await request.cut();
});
