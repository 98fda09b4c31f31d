import { z } from "zod";
import { formatHex, isTextSigned, parseHex, signText } from "./hmac.ts";
import { TargetName } from "./replicas.ts";

/**
 * How the worker reads copies: by the processor's gateway, which alone has the credentials of the replica targets. A request
 * is `GET /replicas/<target>/<key>` with a signature that lasts seconds and is good for that very method, target, key, range
 * and SHA-256 (docs/decisions/0026-failover-reads.md).
 */
export const REPLICA_READS_PATH = "/replicas/";
export const REPLICA_READ_HEADER = "causeway-replica-read";
export const FAILOVER_REASON_HEADER = "causeway-reason";
/** What all of the copy's bytes have to have by the record, in hexadecimal. */
export const REPLICA_SHA256_HEADER = "causeway-sha256";

/** Why a copy is read in the place of the primary's object; `probe` is a look whether the gateway answers. */
export const FailoverReason = z.enum(["missing", "unavailable", "slow", "circuit-open", "probe"]);
export type FailoverReason = z.infer<typeof FailoverReason>;

export interface ReplicaRead {
  readonly method: "GET" | "HEAD";
  readonly target: string;
  readonly key: string;
  /** As in the header `Range`; undefined for all of it. */
  readonly range?: string | undefined;
  /** Without it nothing is compared: no record has that of what was made of a file. */
  readonly sha256?: string | undefined;
}

/** Long enough for two clocks that differ a little, and for a request on its way. */
const GOOD_FOR_SECONDS = 60;
/** A signature that ends later than that was made by a clock that is wrong. */
const MAX_AHEAD_SECONDS = 2 * GOOD_FOR_SECONDS;

function signedText(read: ReplicaRead, expiresAtSeconds: number): string {
  const { method, target, key, range = "", sha256 = "" } = read;
  const fields = ["causeway-replica-read", method, target, key, range, sha256, expiresAtSeconds];
  return fields.join("\n");
}

/** The path of a copy, below where the gateway is. */
export function replicaPath(target: string, key: string): string {
  return `${REPLICA_READS_PATH}${target}/${key.split("/").map(encodeURIComponent).join("/")}`;
}

/** What a path names; undefined for what can't be a copy. */
export function parseReplicaPath(path: string): { target: string; key: string } | undefined {
  const match = /^\/replicas\/([^/]+)\/([^?#]+)$/.exec(path);
  const target = TargetName.safeParse(match?.[1]);
  const key = decodeKey(match?.[2] ?? "");
  return target.success && key !== undefined ? { target: target.data, key } : undefined;
}

/** Keys are made of ids (contract/keys.ts): one with a control character or a step up in it is none of ours. */
function decodeKey(encoded: string): string | undefined {
  try {
    const key = decodeURIComponent(encoded);
    return /^(?:\w[\w.-]*\/)*\w[\w.-]*$/.test(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

/** The signature header of a read: `e=<Unix seconds when it ends>,v1=<hex HMAC-SHA256>`. */
export async function signReplicaRead(secret: string, read: ReplicaRead, nowMs: number): Promise<string> {
  const expiresAtSeconds = Math.floor(nowMs / 1000) + GOOD_FOR_SECONDS;
  const signature = await signText(secret, signedText(read, expiresAtSeconds));
  return `e=${expiresAtSeconds},v1=${formatHex(signature)}`;
}

/** Whether `header` signs the read and hasn't ended. Compares in constant time. */
export async function verifyReplicaRead(
  secret: string,
  read: ReplicaRead,
  header: string,
  nowMs: number,
): Promise<boolean> {
  const match = /^e=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header);
  if (match?.[1] === undefined || match[2] === undefined) return false;
  const expiresAtSeconds = Number(match[1]);
  const leftSeconds = expiresAtSeconds - nowMs / 1000;
  if (leftSeconds <= 0 || leftSeconds > MAX_AHEAD_SECONDS) return false;
  return isTextSigned(secret, signedText(read, expiresAtSeconds), parseHex(match[2]));
}
