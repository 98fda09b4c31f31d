import type { Verdict } from "#contract/version-states.ts";

/** What the scanner found. Only `clean` has no name. */
export type ScanVerdict =
  | { readonly verdict: Extract<Verdict, "clean">; readonly signatureName: null }
  | { readonly verdict: Exclude<Verdict, "clean">; readonly signatureName: string };

/** Everything that is known of one INSTREAM exchange when its connection is over. */
export interface ScanEvidence {
  readonly reply: string;
  /** Whether the zero-length frame was with the kernel before the first byte of the reply came. */
  readonly terminatedBeforeReply: boolean;
  readonly sentBytes: number;
  readonly expectedBytes: number;
  /** The server said everything it had to say: it ended the connection, nothing broke it. */
  readonly endedCleanly: boolean;
}

const CLEAN_REPLY = "stream: OK\0";
const FOUND_REPLY = /^stream: ([\x20-\x7e]{1,200}) FOUND\0$/;
const TOO_LONG_REPLY = "INSTREAM size limit exceeded. ERROR\0";

// clamd reports by these "signatures" that it could not look at everything (AlertExceedsMax, AlertEncrypted).
const NOT_LOOKED_AT = /^Heuristics\.(?:Limits|Encrypted)\./;

/**
 * Judges an exchange, and fails closed: `clean` needs an exact OK, to the whole of the object, after its end, on a
 * connection that ended well. A find counts whenever it comes. Undefined means that nothing is certain.
 */
export function judgeScan(evidence: ScanEvidence): ScanVerdict | undefined {
  const { reply } = evidence;
  const found = FOUND_REPLY.exec(reply)?.[1];
  if (found !== undefined) {
    return { verdict: NOT_LOOKED_AT.test(found) ? "unscannable" : "infected", signatureName: found };
  }
  if (reply === TOO_LONG_REPLY) return unscannable("Limits.StreamMaxLength");
  const whole = evidence.terminatedBeforeReply && evidence.sentBytes === evidence.expectedBytes;
  if (reply === CLEAN_REPLY && whole && evidence.endedCleanly)
    return { verdict: "clean", signatureName: null };
  return undefined;
}

/** A verdict on what the scanner can't look at. */
export function unscannable(reason: string): ScanVerdict {
  return { verdict: "unscannable", signatureName: reason };
}
