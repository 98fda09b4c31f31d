import type { CallOptions } from "../http.ts";

export interface MakingOptions extends CallOptions {
  /**
   * Of ASCII, but for quotes and backslashes. Says which thing is to be made: a call with the same key, within a day, is answered as the first was. Each call has
   * one of its own where it isn't given, by which its own attempts make one thing.
   */
  readonly idempotencyKey?: string | undefined;
}

const KEY_BYTES = 16;

/** `crypto.randomUUID` isn't there in a page without HTTPS. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What makes a POST safe to send again: a structured string, in which quotes and backslashes would need escapes. */
export function keyHeader({ idempotencyKey = newKey() }: MakingOptions): { "Idempotency-Key": string } {
  return { "Idempotency-Key": `"${idempotencyKey}"` };
}
