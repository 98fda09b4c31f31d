import { expect } from "vitest";
import type { Caller } from "../api.ts";
import { fileIdOf, newCaller } from "../api.ts";
import type { AppendHead, Dialect } from "../dialects.ts";
import type { RawRequest } from "../raw-request.ts";
import { openRequest } from "../raw-request.ts";
import type { BodiesSeen, Fault, Operation, StoreCall, UploadRows } from "./faults.ts";
import type { FaultyStack } from "./stack.ts";

/** Waits end with what is waited for; this only tells a test that hangs from one that goes on. */
const POLLING = { interval: 25, timeout: 30_000 } as const;

export interface UploadTold {
  readonly status: number;
  readonly offset: number;
  readonly complete: boolean;
  /** From sending the request to its answer. */
  readonly tookMs: number;
}

/** Whether a request was answered, or its connection closed. */
export function isOver(request: RawRequest): boolean {
  return request.received() !== "" || request.socket.closed;
}

/** One upload on a stack with faults, and what can be seen of it there. Faults are planned for it alone. */
export class UploadAtFaults {
  readonly #stack: FaultyStack;
  readonly #caller: Caller;
  readonly #dialect: Dialect;
  readonly #location: string;
  readonly fileId: string;

  private constructor(stack: FaultyStack, caller: Caller, dialect: Dialect, location: string) {
    this.#stack = stack;
    this.#caller = caller;
    this.#dialect = dialect;
    this.#location = location;
    this.fileId = fileIdOf(location);
  }

  static async begin(stack: FaultyStack, dialect: Dialect, sizeBytes: number): Promise<UploadAtFaults> {
    const caller = await newCaller({ stack });
    return new UploadAtFaults(stack, caller, dialect, await dialect.begin(caller, sizeBytes));
  }

  /** Opens an append by hand, on a connection of its own. */
  open(head: AppendHead, framing: Readonly<Record<string, string>>): Promise<RawRequest> {
    return openRequest(new URL(this.#location, this.#stack.url), "PATCH", {
      ...this.#dialect.appendHeaders(head),
      ...framing,
      authorization: `Bearer ${this.#caller.token}`,
    });
  }

  /**
   * Sends an append whole and returns its answer's status. Undefined where the connection was closed while the body was
   * on its way, which may cost the answer that a refusal was.
   */
  async append(head: AppendHead, body: Buffer<ArrayBuffer>): Promise<number | undefined> {
    const request = await this.open(head, { "content-length": String(body.byteLength) });
    request.write(body).catch(() => {});
    await expect.poll(() => isOver(request), POLLING).toBe(true);
    await request.cut();
    const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(request.received()) ?? [];
    return status === undefined ? undefined : Number(status);
  }

  /** An append that has to succeed. */
  async mustAppend(head: AppendHead, body: Buffer<ArrayBuffer>): Promise<void> {
    expect(await this.append(head, body)).toBe(this.#dialect.appendStatus(head));
  }

  async head(): Promise<UploadTold> {
    const startedAtMs = performance.now();
    const answer = await this.#caller.fetch(this.#location, {
      method: "HEAD",
      headers: this.#dialect.stateHeaders,
    });
    const tookMs = performance.now() - startedAtMs;
    expect(answer.status).toBe(this.#dialect.stateStatus);
    return {
      status: answer.status,
      offset: Number(answer.headers.get("upload-offset")),
      complete: answer.headers.get("upload-complete") === "?1",
      tookMs,
    };
  }

  async plan(operation: Operation, ...faults: readonly Fault[]): Promise<void> {
    await this.#stack.control({ plan: { operation, faults, fileId: this.fileId } });
  }

  /** Calls to the store that have no answer yet. */
  async calls(): Promise<readonly StoreCall[]> {
    const { calls } = await this.#stack.control({});
    return calls.filter(({ fileId }) => fileId === this.fileId);
  }

  async held(): Promise<readonly StoreCall[]> {
    return (await this.calls()).filter(({ isHeld }) => isHeld);
  }

  /** Lets a held call go on, and waits until it has landed. */
  async release({ id }: StoreCall): Promise<void> {
    await this.#stack.control({ release: [id] });
  }

  async seen(): Promise<BodiesSeen> {
    const { bodies } = await this.#stack.control({});
    return bodies[this.fileId] ?? { requests: 0, readBytes: 0 };
  }

  async rows(): Promise<UploadRows> {
    const { tenantId } = this.#caller;
    const { rows } = await this.#stack.control({ inspect: { tenantId, fileId: this.fileId } });
    if (rows === null) throw new Error("The upload's rows weren't looked at.");
    return rows;
  }

  /** Waits for the job, which is sent once, and compares what is stored under the key that it names. */
  async expectStored(bytes: Buffer): Promise<void> {
    await expect.poll(async () => (await this.#jobs()).length, POLLING).toBe(1);
    const [job] = await this.#jobs();
    expect(job).toMatchObject({ sizeBytes: bytes.byteLength });
    expect((await this.#stack.readObject(job?.objectKey ?? ""))?.equals(bytes)).toBe(true);
  }

  async #jobs() {
    const { sentJobs } = await this.#stack.control({});
    return sentJobs.filter(({ fileId }) => fileId === this.fileId);
  }
}
