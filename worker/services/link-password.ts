// oxlint-disable-next-line typescript/triple-slash-reference -- what imports this file from elsewhere needs the types too
/// <reference path="../node-crypto.d.ts" />
import { scryptSync, timingSafeEqual } from "node:crypto";

/**
 * Passwords of share links as scrypt hashes (RFC 7914). The parameters are stored with each hash, so that others can
 * be taken for new ones. 16 MiB, once: an isolate's 128 MB are shared by all of its requests, and so is its one thread, in
 * which every way of hashing runs that workerd has. Whoever hashes keeps all others waiting, so it is rare (rate limits)
 * and short; decision 0013 has what it costs and what it is worth.
 */
const PARAMETERS = { N: 2 ** 14, r: 8, p: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** 128 × N × r is 16 MiB; Node refuses what may need more than this. */
const MAX_MEMORY_BYTES = 32 * 1024 * 1024;

type Parameters = Readonly<Record<keyof typeof PARAMETERS, number>>;

/** The same letters can be typed in several ways; a keyboard chooses one. */
function derive(password: string, salt: Uint8Array, parameters: Parameters): Uint8Array {
  const options = { ...parameters, maxmem: MAX_MEMORY_BYTES };
  return scryptSync(password.normalize("NFC"), salt, HASH_BYTES, options);
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** `scrypt$N$r$p$salt$hash` of a password, with a salt of its own. Takes tens of milliseconds of the thread. */
export function hashPassword(password: string): string {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const { N, r, p } = PARAMETERS;
  return ["scrypt", N, r, p, toBase64(salt), toBase64(derive(password, salt, PARAMETERS))].join("$");
}

/** Whether a password is the one that was hashed. Tells nothing by the time it takes. */
export function isPassword(password: string, stored: string): boolean {
  const [, n, r, p, salt = "", hash = ""] = stored.split("$");
  const parameters = { N: Number(n), r: Number(r), p: Number(p) };
  return timingSafeEqual(derive(password, fromBase64(salt), parameters), fromBase64(hash));
}
