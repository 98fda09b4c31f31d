import { PROBLEM_CONTENT_TYPE } from "#contract/errors.ts";
import type { FailoverReason } from "#contract/replica-reads.ts";
import {
  FAILOVER_REASON_HEADER,
  REPLICA_READ_HEADER,
  REPLICA_SHA256_HEADER,
  replicaPath,
  signReplicaRead,
} from "#contract/replica-reads.ts";
import type { ServableObject } from "../services/servable.ts";
import type { ByteRange } from "../storage/object-store.ts";
import type { Circuit } from "./circuit.ts";
import type { CopyRead, ReplicaSource } from "./failover.ts";

/** Where the processor's gateway to the replica targets is, and what signs requests to it. */
export interface ReplicaGateway {
  readonly url: string;
  readonly secret: string;
}

export interface ReplicaContentParts {
  readonly gateway: ReplicaGateway;
  /** Names of the targets that may have a copy of an object, by its record: the likeliest first. */
  readonly findTargets: (object: ServableObject) => Promise<readonly string[]>;
  readonly circuitOf: (target: string) => Circuit;
}

/** From the request to the head of the answer. The body is the caller's to wait for, as the primary's is. */
const HEAD_DEADLINE_MS = 5_000;

/** Copies at replica targets, one after the other until one opens. */
export function replicaContent(parts: ReplicaContentParts): ReplicaSource {
  return async (object, range, reason) => {
    const targets = await parts.findTargets(object).catch(() => undefined);
    // Whether there are copies isn't known: it isn't gone.
    if (targets === undefined) return { kind: "unreadable" };
    let last: CopyRead = { kind: "none" };
    for (const target of targets) {
      const read = await readCopy(parts, { target, object, range, reason });
      if (read.kind === "opened") return read;
      if (read.kind === "unreadable") last = read;
    }
    return last;
  };
}

/** The copy that nobody has: the answer to who may ask, and what is asked, is that there is none. */
const PROBE = { method: "HEAD", target: "none", key: "health/probe" } as const;

/** Throws where the gateway doesn't answer, or knows another secret. */
export async function probeGateway({ url, secret }: ReplicaGateway): Promise<void> {
  const signature = await signReplicaRead(secret, PROBE, Date.now());
  const headers = { [REPLICA_READ_HEADER]: signature, [FAILOVER_REASON_HEADER]: "probe" };
  const answer = await withHeadDeadline((signal) =>
    fetch(new URL(replicaPath(PROBE.target, PROBE.key), url), {
      ...{ method: PROBE.method, headers, signal },
      redirect: "manual",
    }),
  );
  const isItsWord = answer.headers.get("Content-Type") === PROBLEM_CONTENT_TYPE;
  if (answer.status !== 404 || !isItsWord) throw new Error(`The gateway answered ${answer.status}.`);
}

interface Wanted {
  readonly target: string;
  readonly object: ServableObject;
  readonly range: ByteRange | undefined;
  readonly reason: FailoverReason;
}

/** A copy that its target doesn't have, though a record says so (derivatives are copied by choice), is none. */
async function readCopy({ gateway, circuitOf }: ReplicaContentParts, wanted: Wanted): Promise<CopyRead> {
  const { target } = wanted;
  const circuit = circuitOf(target);
  if (!circuit.admits(Date.now())) return { kind: "unreadable" };
  try {
    const answer = await ask(gateway, wanted);
    noteIn(circuit, answer);
    const body = answer.body as ReadableStream<Uint8Array> | null;
    if (isWhole(answer, wanted) && body !== null) return { kind: "opened", body, target };
    await answer.body?.cancel();
    console.error({ event: "replica-unreadable", target, status: answer.status });
    return { kind: answer.status === 404 ? "none" : "unreadable" };
  } catch (error) {
    circuit.noteFailure(Date.now());
    console.error({ event: "replica-unreadable", target, error: String(error) });
    return { kind: "unreadable" };
  }
}

/** That there is no place for a reader now, or that a copy isn't proved yet, is the gateway's word and not its target's. */
function noteIn(circuit: Circuit, { status }: Response): void {
  if (status >= 500) circuit.noteFailure(Date.now());
  else if (status !== 429) circuit.noteAnswer();
}

async function ask({ url, secret }: ReplicaGateway, wanted: Wanted): Promise<Response> {
  const { target, object, reason } = wanted;
  const bytes = { range: rangeHeader(wanted.range), sha256: object.sha256 ?? undefined };
  const read = { method: "GET", target, key: object.objectKey, ...bytes } as const;
  const headers = new Headers({
    [REPLICA_READ_HEADER]: await signReplicaRead(secret, read, Date.now()),
    [FAILOVER_REASON_HEADER]: reason,
  });
  if (read.range !== undefined) headers.set("Range", read.range);
  if (read.sha256 !== undefined) headers.set(REPLICA_SHA256_HEADER, read.sha256);
  return withHeadDeadline((signal) =>
    fetch(new URL(replicaPath(target, object.objectKey), url), { headers, signal, redirect: "manual" }),
  );
}

/** The signal ends the wait for the head and not the body, which takes as long as its reader does. */
async function withHeadDeadline(send: (signal: AbortSignal) => Promise<Response>): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), HEAD_DEADLINE_MS);
  try {
    return await send(late.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** As a gateway reads it: both ends are there. */
function rangeHeader(range: ByteRange | undefined): string | undefined {
  return range && `bytes=${range.offset}-${range.offset + range.length - 1}`;
}

/** What has another size than what was scanned is other bytes. */
function isWhole({ status, headers }: Response, { object, range }: Wanted): boolean {
  const lengthBytes = Number(headers.get("Content-Length") ?? Number.NaN);
  if (range === undefined) return status === 200 && lengthBytes === object.sizeBytes;
  const last = range.offset + range.length - 1;
  const contentRange = `bytes ${range.offset}-${last}/${object.sizeBytes}`;
  return status === 206 && lengthBytes === range.length && headers.get("Content-Range") === contentRange;
}
