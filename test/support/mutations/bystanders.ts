import { expect } from "vitest";
import type { Caller } from "../api.ts";
import { APPEND, append, fileIdOf, headOffset, metadataHeader, newCaller, newTenantId } from "../api.ts";
import type { RawRequest } from "../raw-request.ts";
import { openRequest } from "../raw-request.ts";
import type { World } from "./subject.ts";
import { ask, newUser, storedBytes } from "./subject.ts";
import { distinctText } from "./upload-subject.ts";

/** What a bystander gets between one batch of changed requests and the next. */
const PIECE_BYTES = 3_000;

interface Bystander {
  readonly caller: Caller;
  readonly location: string;
}

/** Uploads in progress that no request is about, or only one that has no right to be. */
export class Bystanders {
  readonly otherTenants: Bystander;
  readonly otherUsers: Bystander;
  /** One PATCH of this is open from the first request to the last. */
  readonly live: Bystander;
  readonly #world: World;
  readonly #bytes: Buffer;
  readonly #sending: RawRequest;
  #sentBytes = 0;

  private constructor(
    world: World,
    bytes: Buffer,
    {
      live,
      ...at
    }: Pick<Bystanders, "otherTenants" | "otherUsers"> & {
      live: Bystander & { sending: RawRequest };
    },
  ) {
    this.#world = world;
    this.#bytes = bytes;
    this.otherTenants = at.otherTenants;
    this.otherUsers = at.otherUsers;
    this.live = live;
    this.#sending = live.sending;
  }

  static async begin(world: World, batches: number): Promise<Bystanders> {
    const bytes = distinctText(PIECE_BYTES * (batches + 1));
    const another = await newCaller({ stack: world.stack, tenantId: newTenantId() });
    const otherTenants = await create(another, bytes.byteLength);
    const otherUsers = await create(await newUser(world), bytes.byteLength);
    const live = await create(await newUser(world), bytes.byteLength);
    const sending = await openRequest(new URL(live.location, world.url), "PATCH", {
      ...APPEND,
      authorization: `Bearer ${live.caller.token}`,
      "upload-offset": "0",
      "content-length": String(bytes.byteLength),
    });
    return new Bystanders(world, bytes, { otherTenants, otherUsers, live: { ...live, sending } });
  }

  /** Each is where it was, and goes on. */
  async goOn(): Promise<void> {
    const piece = this.#bytes.subarray(this.#sentBytes, this.#sentBytes + PIECE_BYTES);
    for (const { caller, location } of [this.otherTenants, this.otherUsers]) {
      expect(await headOffset(caller, location)).toBe(this.#sentBytes);
      const answer = await append(caller, location, this.#sentBytes, Buffer.from(piece));
      expect(answer.status, await answer.text()).toBe(204);
    }
    expect(this.#sending.received(), "An open PATCH was answered before its end").toBe("");
    await this.#sending.write(piece);
    this.#sentBytes += piece.byteLength;
  }

  /** Each gets what is left of it, and is stored byte for byte. */
  async finish(): Promise<void> {
    while (this.#sentBytes < this.#bytes.byteLength) await this.goOn();
    await expect
      .poll(() => this.#sending.received(), { interval: 5, timeout: 20_000 })
      .toMatch(/^HTTP\/1.1 204/);
    await this.#sending.cut();
    for (const { location } of [this.otherTenants, this.otherUsers, this.live]) {
      const stored = await storedBytes(this.#world, fileIdOf(location));
      expect(stored?.equals(this.#bytes), "A bystander's bytes are others than were sent").toBe(true);
    }
  }
}

async function create(caller: Caller, sizeBytes: number): Promise<Bystander> {
  const answer = await ask(caller, "/v1/uploads", {
    method: "POST",
    headers: {
      "tus-resumable": "1.0.0",
      "upload-length": String(sizeBytes),
      "upload-metadata": metadataHeader({ filename: "bystander.txt" }),
    },
  });
  expect(answer.status, await answer.text()).toBe(201);
  return { caller, location: answer.headers.get("location") ?? "" };
}
