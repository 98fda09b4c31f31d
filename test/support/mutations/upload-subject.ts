import { expect } from "vitest";
import type { Caller } from "../api.ts";
import { APPEND, fileIdOf, metadataHeader, TUS } from "../api.ts";
import type { Outcome } from "./exchange.ts";
import type { Subject, World } from "./subject.ts";
import { ask, codeOf, isEnd, newUser, storedBytes, succeeded } from "./subject.ts";
import type { WireRequest } from "./wire-request.ts";
import { effectiveMethod } from "./wire-request.ts";

/** Every place has bytes of its own, so that a shift or a swap shows. */
export function distinctText(sizeBytes: number, from = 0): Buffer {
  const lines = Array.from(
    { length: Math.ceil((from + sizeBytes) / 16) },
    (_, index) => `${String(index).padStart(14, "0")} \n`,
  );
  return Buffer.from(lines.join("").slice(from, from + sizeBytes), "latin1");
}

/** What HEAD says of an upload: where it is, or that it has ended. */
type Standing =
  | {
      readonly kind: "open";
      readonly offsetBytes: number;
      readonly lengthBytes: number | null;
      readonly complete: boolean;
    }
  | { readonly kind: "ended"; readonly status: number };

/**
 * The one refusal after which content may have been kept: a body that doesn't say its length turns out not to be the
 * end that its request said it was, and is the upload's bytes all the same.
 */
const KEEPING = "UPLOAD_LENGTH_CONFLICT";

/** Bytes that every upload has before it is asked about. */
export const BEGUN_BYTES = 512;
/** Length of those that know it. */
export const WHOLE_BYTES = 2_048;

/** An upload in progress, with a model of it: what it holds, and how long it will be. */
export class UploadSubject implements Subject {
  readonly world: World;
  readonly caller: Caller;
  readonly location: string;
  readonly #request: (upload: UploadSubject) => WireRequest;
  #held: Buffer;
  #lengthBytes: number | null;

  constructor(
    begun: { world: World; caller: Caller; location: string; lengthBytes: number | null },
    request: (upload: UploadSubject) => WireRequest,
  ) {
    this.world = begun.world;
    this.caller = begun.caller;
    this.location = begun.location;
    this.#lengthBytes = begun.lengthBytes;
    this.#held = distinctText(BEGUN_BYTES);
    this.#request = request;
  }

  get offsetBytes(): number {
    return this.#held.byteLength;
  }

  /** What comes next, or all that is left. */
  next(sizeBytes = WHOLE_BYTES - this.offsetBytes): Buffer {
    return distinctText(sizeBytes, this.offsetBytes);
  }

  request(): WireRequest {
    return this.#request(this);
  }

  async settle(sent: WireRequest, outcome: Outcome): Promise<boolean> {
    const standing = await this.#standing();
    const code = codeOf(outcome);
    if (outcome.kind !== "answered") return this.#settleUnanswered(sent, standing);
    if (isEnd(outcome)) {
      expect(standing).toEqual({ kind: "ended", status: outcome.answer.status });
      return false;
    }
    if (succeeded(outcome) && effectiveMethod(sent) === "DELETE") {
      expect(standing).toEqual({ kind: "ended", status: 404 });
      return false;
    }
    if (standing.kind === "ended") expect.fail(`It was ended (${standing.status}) by ${code ?? "a success"}`);
    const mayGrow = succeeded(outcome) || code === KEEPING;
    if (!mayGrow || effectiveMethod(sent) !== "PATCH") return this.#expectUnchanged(standing);
    return this.#settleAppend(sent, outcome, standing);
  }

  /** Nobody was told anything: what was done may be any part of what was asked, and may still be under way. */
  #settleUnanswered(sent: WireRequest, standing: Standing): false {
    if (standing.kind === "ended") {
      const mayEnd = ["DELETE", "PATCH"].includes(effectiveMethod(sent));
      expect(mayEnd, `It was ended (${standing.status})`).toBe(true);
      return false;
    }
    expect(standing.offsetBytes).toBeGreaterThanOrEqual(this.offsetBytes);
    expect(standing.offsetBytes).toBeLessThanOrEqual(this.offsetBytes + sent.content.byteLength);
    return false;
  }

  #expectUnchanged(standing: Standing): true {
    const { offsetBytes } = this;
    expect(standing).toEqual({ kind: "open", offsetBytes, lengthBytes: this.#lengthBytes, complete: false });
    return true;
  }

  /** What the upload has grown by is a beginning of what was sent; then it is finished and every byte compared. */
  async #settleAppend(
    sent: WireRequest,
    outcome: Outcome,
    standing: Extract<Standing, { kind: "open" }>,
  ): Promise<boolean> {
    const told = outcome.kind === "answered" ? outcome.answer.fields.get("upload-offset") : undefined;
    if (told !== undefined) expect(standing.offsetBytes).toBe(Number(told));
    const grownBytes = standing.offsetBytes - this.offsetBytes;
    expect(grownBytes).toBeGreaterThanOrEqual(0);
    expect(grownBytes).toBeLessThanOrEqual(sent.content.byteLength);
    if (this.#lengthBytes !== null) expect(standing.lengthBytes).toBe(this.#lengthBytes);
    this.#lengthBytes = standing.lengthBytes;
    this.#held = Buffer.concat([this.#held, sent.content.subarray(0, grownBytes)]);
    if (grownBytes === 0 && !standing.complete) return true;
    await this.finish(standing.complete);
    return false;
  }

  /** Sends what is missing, if anything is, and compares what is stored. */
  async finish(isComplete: boolean): Promise<void> {
    if (!isComplete) {
      const missing = this.#lengthBytes === null ? 100 : this.#lengthBytes - this.offsetBytes;
      const rest = distinctText(missing, this.offsetBytes);
      const answer = await ask(this.caller, this.location, {
        method: "PATCH",
        headers: {
          "content-type": "application/partial-upload",
          "upload-offset": String(this.offsetBytes),
          "upload-complete": "?1",
        },
        body: Buffer.from(rest),
      });
      this.#held = Buffer.concat([this.#held, rest]);
      // The content of an upload is looked at when enough of it is there: what is no text ends one of text.
      if (answer.status === 415 && !isText(this.#held)) return;
      expect(answer.status, await answer.text()).toBe(201);
    }
    const stored = await storedBytes(this.world, fileIdOf(this.location));
    expect(stored?.equals(this.#held), "The stored bytes are others than were sent").toBe(true);
  }

  async #standing(): Promise<Standing> {
    const { status, headers } = await ask(this.caller, this.location, { method: "HEAD", headers: TUS });
    if (status !== 200) return { kind: "ended", status };
    const length = headers.get("upload-length");
    return {
      kind: "open",
      offsetBytes: Number(headers.get("upload-offset")),
      lengthBytes: length === null ? null : Number(length),
      complete: headers.get("upload-complete") === "?1",
    };
  }
}

function isText(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x0a || (byte >= 0x20 && byte < 0x7f));
}

/** Begins an upload by tus that has its first bytes. */
export async function beginUpload(
  world: World,
  { caller, lengthBytes = WHOLE_BYTES }: { caller?: Caller; lengthBytes?: number | null } = {},
): Promise<{ world: World; caller: Caller; location: string; lengthBytes: number | null }> {
  const owner = caller ?? (await newUser(world));
  const length: Record<string, string> =
    lengthBytes === null ? { "upload-defer-length": "1" } : { "upload-length": String(lengthBytes) };
  const answer = await ask(owner, "/v1/uploads", {
    method: "POST",
    headers: { ...APPEND, ...length, "upload-metadata": metadataHeader({ filename: "notes.txt" }) },
    body: Buffer.from(distinctText(BEGUN_BYTES)),
  });
  expect(answer.status, await answer.text()).toBe(201);
  return { world, caller: owner, location: answer.headers.get("location") ?? "", lengthBytes };
}
