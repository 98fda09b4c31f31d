import type { JSONWebKeySet, JWTHeaderParameters } from "jose";
import { createLocalJWKSet, errors } from "jose";
import { AppError } from "#contract/errors.ts";
import { withDeadline } from "../deadline.ts";
import type { JwksConfig } from "../token-config.ts";

/**
 * The keys of a JWKS, as one isolate knows them (RFC 7517).
 *
 * jose's own remote set isn't used, for what it does when the set can't be had: it asks again for every token, without
 * a pause; it refuses keys that it knows when its copy is old; and it reads an answer of any size. Here the set is asked
 * for once per cooldown, whether that went well or not and whatever tokens come; a copy that is old is used on while no
 * newer one can be had; and a token is called wrong only by a set that could be had, for a client that is answered 401
 * throws its session away.
 */

/** From the request to the last byte. */
const FETCH_DEADLINE_MS = 3_000;
/** Those who wait for another request's fetch: it may be cut off without a word when that request ends. */
const WAIT_DEADLINE_MS = FETCH_DEADLINE_MS + 500;
/** A key is about 500 bytes (RSA) and comes with a certificate of 2 KiB at most; nobody has a hundred of them. */
const MAX_BYTES = 256 * 1024;
/** After so long without an answer nobody can say any more that the keys known are still good ones. */
const MAX_STALE_MS = 24 * 3_600_000;

export interface RemoteKeysParts {
  readonly nowMs: () => number;
  /** Keeps a fetch going when the request that began it ends: others wait for it. */
  readonly keepAlive: (work: Promise<unknown>) => void;
}

interface KeySet {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly fetchedAtMs: number;
}

export class RemoteKeys {
  readonly #config: JwksConfig;
  readonly #parts: RemoteKeysParts;
  #set: KeySet | undefined;
  #attemptedAtMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;
  #failed = false;

  constructor(config: JwksConfig, parts: RemoteKeysParts) {
    this.#config = config;
    this.#parts = parts;
  }

  /**
   * The key that a token's header names. Throws `JWKSNoMatchingKey` (and jose's others) for one that isn't in the set,
   * and `SERVICE_UNAVAILABLE` where that can't be known because the set can't be had.
   */
  async find(header: JWTHeaderParameters): Promise<CryptoKey> {
    const known = await this.#lookUp(header);
    if (known !== undefined && (this.#isFresh() || this.#fetching !== undefined)) return known;
    await this.#refresh();
    const found = await this.#lookUp(header);
    if (found !== undefined) return found;
    if (this.#failed) throw this.#unavailable();
    throw new errors.JWKSNoMatchingKey();
  }

  #ageMs(): number {
    return this.#parts.nowMs() - (this.#set?.fetchedAtMs ?? Number.NEGATIVE_INFINITY);
  }

  #isFresh(): boolean {
    return this.#ageMs() < this.#config.maxAgeMs;
  }

  #cooldownLeftMs(): number {
    return this.#attemptedAtMs + this.#config.cooldownMs - this.#parts.nowMs();
  }

  async #lookUp(header: JWTHeaderParameters): Promise<CryptoKey | undefined> {
    if (this.#set === undefined || this.#ageMs() >= MAX_STALE_MS) return undefined;
    try {
      return await this.#set.find(header);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      if (error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      // It is there and can't be used, which is none of the token's fault.
      throw new AppError("SERVICE_UNAVAILABLE", { cause: error });
    }
  }

  /** Fetches the set, or waits for whoever does; while it cools down, neither. */
  async #refresh(): Promise<void> {
    if (this.#fetching === undefined) {
      if (this.#cooldownLeftMs() > 0) return;
      this.#attemptedAtMs = this.#parts.nowMs();
      this.#fetching = this.#fetchSet();
      this.#parts.keepAlive(this.#fetching);
    }
    const fetching = this.#fetching;
    await withDeadline(fetching, WAIT_DEADLINE_MS, "SERVICE_UNAVAILABLE").catch(() => {
      // It was cut off: nothing will ever settle it.
      if (this.#fetching === fetching) this.#settle(undefined);
    });
  }

  async #fetchSet(): Promise<void> {
    try {
      const find = createLocalJWKSet(await fetchKeySet(this.#config.url));
      this.#settle({ find, fetchedAtMs: this.#parts.nowMs() });
    } catch (error) {
      console.warn({ event: "jwks-unavailable", reason: String(error) });
      this.#settle(undefined);
    }
  }

  #settle(set: KeySet | undefined): void {
    this.#fetching = undefined;
    this.#failed = set === undefined;
    this.#set = set ?? this.#set;
  }

  #unavailable(): AppError {
    const seconds = Math.max(1, Math.ceil(this.#cooldownLeftMs() / 1_000));
    return new AppError("SERVICE_UNAVAILABLE", {
      detail: "The keys that tokens are signed with can't be had at the moment.",
      headers: { "Retry-After": String(seconds) },
    });
  }
}

/** What the URL answers. Redirects aren't followed: the keys are believed because of where they are. */
async function fetchKeySet(url: string): Promise<JSONWebKeySet> {
  const answer = await fetch(url, {
    headers: { Accept: "application/jwk-set+json, application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(FETCH_DEADLINE_MS),
  });
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw new Error(`The JWKS answered ${answer.status}.`);
  }
  // createLocalJWKSet looks at what it is given, and refuses what is no set.
  const set = JSON.parse(await readText(answer.body)) as JSONWebKeySet;
  // An issuer without keys could have signed nothing: such an answer is a fault of it, and ends nobody's session.
  if (set.keys.length === 0) throw new Error("The JWKS has no key.");
  return set;
}

async function readText(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): Promise<string> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let sizeBytes = 0;
  for await (const chunk of body ?? []) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > MAX_BYTES) throw new Error(`The JWKS is larger than ${MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return new Blob(chunks).text();
}
