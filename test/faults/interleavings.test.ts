import fc from "fast-check";
import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { APPEND, append, createUpload, fileIdOf, headOffset, newCaller, TUS } from "../support/api.ts";
import { distinctBytes } from "../support/distinct-bytes.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { openRequest } from "../support/raw-request.ts";
import { runs, timeLimitMs } from "../support/runs.ts";

const MIB = 1024 * 1024;
const RUNS = runs(5, 1_000);

const stack = useFaultyStack();

/** What may happen to an upload; sizes are fractions of what is left. */
const Step = fc.oneof(
  fc.record({ kind: fc.constant("append" as const), share: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant("tiny" as const), bytes: fc.integer({ min: 0, max: 17 }) }),
  fc.record({ kind: fc.constant("wrong-offset" as const), by: fc.integer({ min: 1, max: 5_000 }) }),
  fc.record({ kind: fc.constant("cut" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ kind: fc.constant("stall" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({
    kind: fc.constant("wrong-checksum" as const),
    share: fc.double({ min: 0.01, max: 1, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant("store-fault" as const),
    operation: fc.constantFrom("put" as const, "uploadPart" as const, "complete" as const),
    fault: fc.constantFrom({ kind: "fail" as const }, { kind: "lose-answer" as const }),
  }),
  fc.record({ kind: fc.constant("evict" as const) }),
  fc.record({ kind: fc.constant("head" as const) }),
);
type Step = typeof Step extends fc.Arbitrary<infer T> ? T : never;

/** An upload under test, and the bytes it is to become: the model is that array and one number. */
class Run {
  readonly #caller: Caller;
  readonly #location: string;
  readonly #bytes: Buffer<ArrayBuffer>;
  readonly #stalled: RawRequest[] = [];
  /** What alone may be the reason of a refusal: a store that was told to fail, a request that may still come. */
  #isStoreAtFault = false;
  #hasStalled = false;
  /** The least that is durable: what was acknowledged or told. */
  #known = 0;

  constructor(caller: Caller, location: string, bytes: Buffer<ArrayBuffer>) {
    this.#caller = caller;
    this.#location = location;
    this.#bytes = bytes;
  }

  async step(step: Step): Promise<void> {
    if (this.#known === this.#bytes.byteLength) return;
    switch (step.kind) {
      case "append":
        return this.#append(this.#slice(step.share));
      case "tiny":
        return this.#append(this.#bytes.subarray(this.#known, this.#known + step.bytes));
      case "wrong-offset":
        return this.#appendWrongly(step.by);
      case "cut":
        return this.#cut(this.#slice(step.share));
      case "stall":
        return this.#stall(this.#slice(step.share));
      case "wrong-checksum":
        return this.#appendUnsound(step.share);
      case "store-fault":
        this.#isStoreAtFault = true;
        await stack.control({ plan: { operation: step.operation, faults: [step.fault] } });
        return;
      case "evict":
        return this.#evict();
      case "head":
        return this.#head();
    }
  }

  /** Sends what is left and compares what is stored. */
  async finish(): Promise<void> {
    await stack.control({ plan: { operation: "uploadPart", faults: [] } });
    await this.#head();
    for (const request of this.#stalled) await request.cut();
    while (this.#known < this.#bytes.byteLength) await this.#append(this.#bytes.subarray(this.#known));
    const fileId = fileIdOf(this.#location);
    const jobs = async () => (await stack.control({})).sentJobs.filter((job) => job.fileId === fileId);
    await expect.poll(jobs, { interval: 20, timeout: 30_000 }).not.toEqual([]);
    const [job] = await jobs();
    expect((await stack.readObject(job?.objectKey ?? ""))?.equals(this.#bytes)).toBe(true);
  }

  #slice(share: number): Buffer<ArrayBuffer> {
    const left = this.#bytes.byteLength - this.#known;
    return this.#bytes.subarray(this.#known, this.#known + Math.max(1, Math.floor(left * share)));
  }

  async #append(bytes: Buffer<ArrayBuffer>): Promise<void> {
    const answer = await append(this.#caller, this.#location, this.#known, bytes);
    if (answer.status === 204) {
      expect(answer.headers.get("upload-offset")).toBe(String(this.#known + bytes.byteLength));
      this.#known += bytes.byteLength;
      return;
    }
    expect(this.#refusals(409)).toContain(answer.status);
    await this.#head();
  }

  /** Statuses that there is a reason for: `stalled` where a request that stalled got further than was known. */
  #refusals(stalled?: number): number[] {
    return [
      ...(this.#isStoreAtFault ? [503] : []),
      ...(this.#hasStalled && stalled !== undefined ? [stalled] : []),
    ];
  }

  async #appendWrongly(by: number): Promise<void> {
    await this.#head();
    // One of those that stall may come only now, with bytes up to anywhere in the file.
    const wrong = this.#hasStalled ? this.#bytes.byteLength : this.#known;
    const answer = await append(this.#caller, this.#location, wrong + by, "wrong");
    expect(answer.status).toBe(409);
    const offset = answer.headers.get("upload-offset");
    if (this.#hasStalled) expect(Number(offset)).toBeGreaterThanOrEqual(this.#known);
    else expect(offset).toBe(String(this.#known));
  }

  async #appendUnsound(share: number): Promise<void> {
    await this.#head();
    const bytes = this.#slice(share);
    const headers = {
      ...APPEND,
      "upload-offset": String(this.#known),
      "upload-checksum": `sha1 ${"A".repeat(27)}=`,
    };
    const answer = await this.#caller.fetch(this.#location, { method: "PATCH", headers, body: bytes });
    // One of those that stall may have come only now, and taken the upload over.
    if (this.#hasStalled && answer.status === 409) return this.#head();
    expect([460, ...this.#refusals()]).toContain(answer.status);
    expect(await headOffset(this.#caller, this.#location)).toBe(this.#known);
    return undefined;
  }

  async #cut(bytes: Buffer<ArrayBuffer>): Promise<void> {
    const request = await this.#open();
    await request.write(bytes.subarray(0, Math.max(0, bytes.byteLength - 1)));
    await request.cut();
    await this.#head();
  }

  async #stall(bytes: Buffer<ArrayBuffer>): Promise<void> {
    const request = await this.#open();
    this.#stalled.push(request);
    this.#hasStalled = true;
    await request.write(bytes.subarray(0, Math.max(0, bytes.byteLength - 1)));
  }

  /** An object isn't evicted while a request is at it: those that stall are cut first. */
  async #evict(): Promise<void> {
    for (const request of this.#stalled.splice(0)) await request.cut();
    await stack.evict(this.#caller.tenantId, fileIdOf(this.#location));
  }

  #open(): Promise<RawRequest> {
    return openRequest(new URL(this.#location, stack.url), "PATCH", {
      ...APPEND,
      authorization: `Bearer ${this.#caller.token}`,
      "upload-offset": String(this.#known),
      "content-length": String(this.#bytes.byteLength - this.#known),
    });
  }

  /** The offset never goes back, and is never beyond what was sent. */
  async #head(): Promise<void> {
    const answer = await this.#caller.fetch(this.#location, { method: "HEAD", headers: TUS });
    expect(answer.status).toBe(200);
    const offset = Number(answer.headers.get("upload-offset"));
    expect(offset).toBeGreaterThanOrEqual(this.#known);
    expect(offset).toBeLessThanOrEqual(this.#bytes.byteLength);
    this.#known = offset;
  }
}

test(
  `whatever happens to an upload, it resumes and ends byte for byte (${RUNS} runs)`,
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 13 * MIB }),
        fc.array(Step, { minLength: 1, maxLength: 10 }),
        async (sizeBytes, steps) => {
          await stack.control({ reset: true });
          const caller = await newCaller({ stack });
          const run = new Run(caller, await createUpload(caller, sizeBytes), distinctBytes(sizeBytes));
          for (const step of steps) await run.step(step);
          await run.finish();
        },
      ),
      { numRuns: RUNS, endOnFailure: true },
    );
  },
  timeLimitMs(10_000, RUNS),
);
