import { z } from "zod";
import type { SigningKey } from "./hmac.ts";
import { formatHex, isTextSigned, parseHex, signText } from "./hmac.ts";
import { ErasureId, TenantId } from "./ids.ts";

const Timestamp = z.iso.datetime();

/**
 * The erasure of all that a tenant had, and when it is finished the proof of it:
 *
 * - `digest` is chained by SHA-256, in hex, over what was removed in the order of removal: `firstDigest`, then for each
 *   item `nextDigest`. Files come first, in the order of their ids, as `file <id>`; then objects in the order of their
 *   keys, as `object <key>`; then whatever landed late, which is removed as soon as it is found.
 * - `signature` is HMAC-SHA256, in hex, of `proofText` by the key `kid` that signed in the deployment when the erasure was
 *   finished. It is made then and never again.
 *
 * Whoever kept a list of keys and ids can compute the digest again; whoever has the key can tell that nothing of the
 * proof was changed.
 */
export const Erasure = z
  .object({
    id: ErasureId,
    tenantId: TenantId,
    requestedBy: z.string().meta({ description: "A user; an operator's is <tenant>/<user>" }),
    reason: z.string().nullable(),
    startedAt: Timestamp,
    finishedAt: Timestamp.nullable().meta({ description: "null while there may be something left" }),
    files: z.int(),
    versions: z.int(),
    objects: z.int(),
    bytes: z.int().meta({ description: "Of the objects" }),
    digest: z.string(),
    copiesLeft: z.int().meta({
      description:
        "Copies at replica targets that are still to be removed: it isn't finished before they are",
    }),
    signature: z.string().nullable().meta({ description: "null until it is finished" }),
    kid: z.string().nullable(),
  })
  .meta({ id: "Erasure" });
export type Erasure = z.infer<typeof Erasure>;

/** Body of `POST /v1/admin/tenants/{tenantId}/erasure`. */
export const ErasureRequest = z
  .strictObject({
    confirm: z.string().meta({ description: "The tenant's id again" }),
    reason: z.string().min(1).max(500).optional(),
  })
  .meta({ id: "ErasureRequest" });
export type ErasureRequest = z.infer<typeof ErasureRequest>;

export type RemovedItem = `file ${string}` | `object ${string}`;

const encoder = new TextEncoder();

async function sha256(text: string): Promise<string> {
  return formatHex(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}

/** The digest of an erasure that has removed nothing yet. */
export function firstDigest(tenantId: TenantId, id: ErasureId): Promise<string> {
  return sha256(`causeway-erasure\n${tenantId}\n${id}`);
}

/** The digest after these items too, each chained to the one before it. */
export async function nextDigest(digest: string, items: readonly RemovedItem[]): Promise<string> {
  let chained = digest;
  for (const item of items) chained = await sha256(`${chained}\n${item}`);
  return chained;
}

type Proof = Omit<Erasure, "signature" | "kid" | "copiesLeft">;

/** What is signed: fields that can't have a line feed in them, one a line, in this order. */
export function proofText(proof: Proof, kid: string): string {
  const { tenantId, id, requestedBy, startedAt, finishedAt, files, versions, objects, bytes, digest } = proof;
  const fields = [tenantId, id, requestedBy, startedAt, finishedAt, files, versions, objects, bytes, digest];
  // Anybody's text: as JSON it has no line feed, and none at all is told from one that says so.
  const why = JSON.stringify(proof.reason);
  return ["causeway-erasure-proof", ...fields, why, kid].join("\n");
}

export async function signProof(proof: Proof, { kid, secret }: SigningKey): Promise<string> {
  return formatHex(await signText(secret, proofText(proof, kid)));
}

/** Whether an erasure's proof is signed by one of these keys, and finished. Compares in constant time. */
export async function verifyProof(erasure: Erasure, keys: readonly SigningKey[]): Promise<boolean> {
  const { signature, kid, finishedAt } = erasure;
  const key = keys.find((candidate) => candidate.kid === kid);
  if (key === undefined || finishedAt === null || !/^[0-9a-f]{64}$/.test(signature ?? "")) return false;
  return isTextSigned(key.secret, proofText(erasure, key.kid), parseHex(signature ?? ""));
}
