import fc from "fast-check";
import { newCaller, newTenantId, uploadFile, type Caller, type StackAccess } from "../api.ts";
import type { Hints } from "./values.ts";

/** How many files of each kind there are to be asked for. */
const KEPT_FILES = 12;
const TEXT = new TextEncoder().encode("a file for whoever asks");

/** A tenant with users, files and what else requests may be about, in which anything may be done. */
export class FuzzWorld {
  readonly callers: readonly Caller[];
  readonly #owner: Caller;
  readonly #fileIds: string[] = [];
  /** Ids that answers told of, by the name of their field. */
  readonly #seen = new Map<string, string[]>();

  private constructor(callers: readonly Caller[], owner: Caller) {
    this.callers = callers;
    this.#owner = owner;
  }

  static async begin(stack: StackAccess): Promise<FuzzWorld> {
    const tenantId = newTenantId();
    const owner = await newCaller({ tenantId, user: "ann", stack });
    const others = await Promise.all([
      newCaller({ tenantId, user: "admin", role: "admin", stack }),
      newCaller({ tenantId, user: "crm", role: "service", stack }),
      newCaller({ tenantId, user: "bob", stack }),
      newCaller({ user: "eve", role: "admin", stack }),
    ]);
    const nobody = { ...owner, token: "", fetch: withoutToken(stack) };
    const world = new FuzzWorld([owner, owner, ...others, nobody], owner);
    await world.refill();
    return world;
  }

  /** Makes new files in the place of those that may be gone by now. */
  async refill(): Promise<void> {
    const made = await Promise.all(
      Array.from({ length: KEPT_FILES / 2 }, () => uploadFile(this.#owner, TEXT)),
    );
    this.#fileIds.unshift(...made);
    this.#fileIds.length = Math.min(this.#fileIds.length, KEPT_FILES);
  }

  /** Keeps what an answer tells of ids, so that later requests can be about it. */
  learn(body: string): void {
    for (const [, name = "", id = ""] of body.matchAll(/"(id|linkId|token|nextCursor)":"([^"]{1,400})"/g)) {
      const kept = this.#seen.get(name) ?? [];
      kept.push(id);
      this.#seen.set(name, kept.slice(-KEPT_FILES));
    }
  }

  get hints(): Hints {
    const fileId = fc.oneof(
      { weight: 8, arbitrary: fc.nat({ max: KEPT_FILES - 1 }).map((n) => this.#fileIds[n] ?? UNKNOWN_ID) },
      { weight: 1, arbitrary: this.#pick("id") },
      { weight: 1, arbitrary: fc.constant(UNKNOWN_ID) },
    );
    const version = fc.integer({ min: 0, max: 4 });
    return {
      id: fileId,
      fileId,
      replaces: fileId,
      fileIds: fc.array(fileId, { minLength: 1, maxLength: 5 }),
      version,
      linkId: this.#pick("id"),
      token: this.#pick("token"),
      cursor: this.#pick("nextCursor"),
      userId: fc.constantFrom("ann", "bob", "crm"),
      tenantId: fc.constantFrom(this.#owner.tenantId, "nobody-has-this"),
      confirm: fc.constant("not the tenant"),
    };
  }

  #pick(name: string): fc.Arbitrary<string> {
    return fc.nat({ max: KEPT_FILES }).map((n) => this.#seen.get(name)?.[n] ?? UNKNOWN_ID);
  }
}

const UNKNOWN_ID = "0".repeat(26);

function withoutToken(stack: StackAccess): Caller["fetch"] {
  return (path, init) => fetch(new URL(path, stack.url), init);
}
