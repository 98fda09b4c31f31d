import { ContentDisposition } from "@remix-run/headers";
import type { Dictionary } from "structured-headers";
import { parseDictionary, parseItem } from "structured-headers";
import type { ReprDigestName, ReprDigests } from "#contract/jobs.ts";
import type { DigestAlgorithm, ExpectedDigest } from "../writing/digests.ts";

/** Media type of an append (draft-ietf-httpbis-resumable-upload). */
export const PARTIAL_UPLOAD_TYPE = "application/partial-upload";

/** A structured field that doesn't parse as its type is as if it weren't there (RFC 9651, section 1.1). */
function bareItem(headers: Headers, name: string): unknown {
  const text = headers.get(name);
  if (text === null) return undefined;
  try {
    return parseItem(text)[0];
  } catch {
    return undefined;
  }
}

/** Largest Integer of a structured field (RFC 9651, 3.3.1); all of them are safe numbers. */
const MAX_SF_INTEGER = 999_999_999_999_999;

/** An Integer ≥ 0, or undefined where the field isn't one ("1.0" is a Decimal). */
export function parseIntegerField(headers: Headers, name: string): number | undefined {
  const value = bareItem(headers, name);
  const isInteger = typeof value === "number" && /^[^.;]*(;|$)/.test(headers.get(name) ?? "");
  return isInteger && value >= 0 && value <= MAX_SF_INTEGER ? value : undefined;
}

/** A Boolean (`?0`, `?1`), or undefined where the field isn't one. */
export function parseBooleanField(headers: Headers, name: string): boolean | undefined {
  const value = bareItem(headers, name);
  return typeof value === "boolean" ? value : undefined;
}

/** Digest algorithms of RFC 9530 that are taken; others are ignored, as it says. */
const ALGORITHMS: Readonly<Record<string, DigestAlgorithm>> = { "sha-256": "SHA-256", "sha-512": "SHA-512" };
const REPR_DIGEST_NAMES: readonly ReprDigestName[] = ["sha-256", "sha-512"];

/** `Content-Digest` or `Repr-Digest` (RFC 9530): the digests whose algorithms we know. */
export function parseDigestField(headers: Headers, name: string): readonly ExpectedDigest[] {
  return [...dictionaryOf(headers, name)].flatMap(([key, [value]]) => {
    const algorithm = Object.hasOwn(ALGORITHMS, key) ? ALGORITHMS[key] : undefined;
    return algorithm !== undefined && value instanceof ArrayBuffer
      ? [{ algorithm, value: new Uint8Array(value) }]
      : [];
  });
}

/** The members of a Dictionary; none where the field isn't one. */
function dictionaryOf(headers: Headers, name: string): Dictionary {
  const text = headers.get(name);
  if (text === null) return new Map();
  try {
    return parseDictionary(text);
  } catch {
    return new Map();
  }
}

/** `Repr-Digest` of a whole file: what of it can be compared, algorithm → base64. */
export function parseReprDigests(headers: Headers): ReprDigests {
  const digests = parseDigestField(headers, "Repr-Digest");
  const names = REPR_DIGEST_NAMES.map((name) => [name, ALGORITHMS[name]] as const);
  return Object.fromEntries(
    digests.flatMap(({ algorithm, value }) =>
      names
        .filter(([, known]) => known === algorithm)
        .map(([name]) => [name, btoa(String.fromCharCode(...value))]),
    ),
  );
}

/** `Want-Repr-Digest`: which of our algorithms is preferred most (10 to 1; 0 is "not acceptable"), if any. */
export function parseWantedDigest(headers: Headers): ReprDigestName | null {
  const wanted = dictionaryOf(headers, "Want-Repr-Digest");
  const preferences = REPR_DIGEST_NAMES.map((name) => ({ name, preference: wanted.get(name)?.[0] ?? 0 }));
  const best = preferences.reduce((a, b) => (b.preference > a.preference ? b : a));
  return typeof best.preference === "number" && best.preference > 0 ? best.name : null;
}

/** A `Repr-Digest` field, or undefined where there is nothing to say. */
export function formatReprDigests(digests: ReprDigests): string | undefined {
  const members = Object.entries(digests).map(([name, value]) => `${name}=:${value}:`);
  return members.length === 0 ? undefined : members.join(", ");
}

export interface UploadLimits {
  readonly maxSizeBytes: number;
  readonly expiresAtMs: number | null;
}

/** `Upload-Limit`: a Dictionary of Integers; `max-age` is what is left, in seconds. */
export function formatUploadLimit({ maxSizeBytes, expiresAtMs }: UploadLimits, nowMs: number): string {
  const age = expiresAtMs === null ? "" : `, max-age=${Math.max(0, Math.ceil((expiresAtMs - nowMs) / 1000))}`;
  return `max-size=${maxSizeBytes}, min-size=0${age}`;
}

/** The file name in a `Content-Disposition` (RFC 6266, `filename*` first), if there is one. */
export function parseFilename(header: string | null): string | undefined {
  if (header === null) return undefined;
  const { preferredFilename } = ContentDisposition.from(header);
  return preferredFilename === "" ? undefined : preferredFilename;
}
