import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError, asAppError, formatProblem, methodError, PROBLEM_CONTENT_TYPE } from "#contract/errors.ts";
import { tenantOfKey } from "#contract/keys.ts";
import {
  FAILOVER_REASON_HEADER,
  FailoverReason,
  parseReplicaPath,
  REPLICA_READ_HEADER,
  REPLICA_SHA256_HEADER,
  type ReplicaRead,
  verifyReplicaRead,
} from "#contract/replica-reads.ts";
import type { Config } from "../config.ts";
import { describeError } from "../failure.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { CopyMismatch } from "./checked-body.ts";
import { CheckedReads, type ReadableTarget } from "./checked-reads.ts";
import { requireRange, writeHead } from "./read-range.ts";
import { ReadShares } from "./read-shares.ts";
import { type Pace, sendBody, SlowReader } from "./send-body.ts";
import type { TellFault } from "./tell-fault.ts";

export interface GatewayParts {
  readonly targets: readonly ReadableTarget[];
  readonly secret: string;
  readonly metrics: Pick<Metrics, "replicaReads">;
  readonly log: Log;
  readonly tellFault: TellFault;
  readonly pace?: Pace;
}

/** Listens where it is configured; not at all without a secret, or without a target. */
export async function startReadGateway(
  config: Pick<Config, "REPLICA_READS_SECRET" | "REPLICA_READS_HOST" | "REPLICA_READS_PORT">,
  parts: Omit<GatewayParts, "secret">,
): Promise<Server | undefined> {
  const secret = config.REPLICA_READS_SECRET;
  if (secret === undefined || parts.targets.length === 0) return undefined;
  const address = { host: config.REPLICA_READS_HOST, port: config.REPLICA_READS_PORT };
  const { server, port } = await new ReadGateway({ ...parts, secret }).serve(address);
  parts.log.info({ event: "replica-reads", port });
  return server;
}

interface Asked extends ReplicaRead {
  readonly reason: FailoverReason;
}

type Outcome = "served" | "missing" | "refused" | "failed" | "broken-off" | "mismatch" | "too-slow";

/**
 * Serves copies to whoever holds the worker's secret for it: `GET` and `HEAD /replicas/<target>/<key>`, ranges too. It knows
 * nothing of tenants or of what may be served: the worker decides that first, as for the primary
 * (worker/services/servable.ts), and signs for one key and what its bytes have to be.
 */
export class ReadGateway {
  readonly #parts: GatewayParts;
  readonly #reads: CheckedReads;
  readonly #shares = new ReadShares();

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#reads = new CheckedReads((copy) => parts.tellFault(copy, "mismatch"));
  }

  /** Listens; 0 takes a free port. */
  async serve(address: {
    readonly host: string;
    readonly port: number;
  }): Promise<{ readonly server: Server; readonly port: number }> {
    const server = createServer((request, response) => void this.#answer(request, response));
    server.listen(address.port, address.host);
    await once(server, "listening");
    return { server, port: (server.address() as AddressInfo).port };
  }

  /** Never throws. */
  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    let asked: Asked | undefined;
    let outcome: Outcome = "refused";
    let leave = (): void => {};
    try {
      asked = await requireSigned(this.#parts.secret, request);
      leave = this.#shares.enter(tenantOfKey(asked.key) ?? "none");
      outcome = await this.#serveCopy(asked, response, gone.signal);
    } catch (error) {
      outcome = gone.signal.aborted ? "broken-off" : outcomeOf(error);
      if (outcome === "failed") this.#note(error, asked?.target);
      refuse(response, error);
    } finally {
      leave();
      this.#count(asked, outcome);
    }
  }

  /** Throws `FILE_NOT_FOUND`, `RANGE_NOT_SATISFIABLE`, `RATE_LIMITED` and CopyMismatch, and what the target throws. */
  async #serveCopy(
    { method, target: name, key, range: header, sha256 }: Asked,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const range = requireRange(header);
    const target = this.#parts.targets.find((candidate) => candidate.name === name);
    const copy = target && (await this.#reads.open(target, { key, sha256 }, range, signal));
    if (target !== undefined && copy === undefined && sha256 !== undefined) {
      this.#parts.tellFault({ target: name, key, sha256 }, "missing");
    }
    if (copy === undefined) throw new AppError("FILE_NOT_FOUND");
    try {
      writeHead(response, copy.sizeBytes, range);
      if (method === "GET") await sendBody(copy.body, response, signal, this.#parts.pace);
      response.end();
      return "served";
    } finally {
      // What was read to its end has nothing to cancel.
      await copy.body.cancel().catch(() => undefined);
    }
  }

  #note(error: unknown, target: string | undefined): void {
    this.#parts.log.error({ event: "replica-read-failed", target, reason: describeError(error) });
  }

  /** By the names of targets that there are: a label has few values. */
  #count(asked: Asked | undefined, outcome: Outcome): void {
    const isKnown = this.#parts.targets.some(({ name }) => name === asked?.target);
    if (asked?.reason === "probe") return;
    const target = isKnown && asked !== undefined ? asked.target : "none";
    this.#parts.metrics.replicaReads.inc({ target, reason: asked?.reason ?? "none", outcome });
  }
}

/** Throws `METHOD_NOT_ALLOWED`, `ROUTE_NOT_FOUND` and `SIGNATURE_INVALID`. */
async function requireSigned(secret: string, { method, url = "", headers }: IncomingMessage): Promise<Asked> {
  if (method !== "GET" && method !== "HEAD") throw methodError(["GET", "HEAD"]);
  const named = parseReplicaPath(url);
  if (named === undefined) throw new AppError("ROUTE_NOT_FOUND");
  const sha256 = headers[REPLICA_SHA256_HEADER];
  const read = { method, ...named, range: headers.range, sha256: sha256 && String(sha256) } as const;
  const signature = String(headers[REPLICA_READ_HEADER] ?? "");
  if (!(await verifyReplicaRead(secret, read, signature, Date.now()))) {
    throw new AppError("SIGNATURE_INVALID");
  }
  const reason = FailoverReason.safeParse(headers[FAILOVER_REASON_HEADER]);
  return { ...read, reason: reason.data ?? "missing" };
}

/** What targets throw is theirs: only what this file throws is an `AppError`. */
function outcomeOf(error: unknown): Outcome {
  if (error instanceof CopyMismatch) return "mismatch";
  if (error instanceof SlowReader) return "too-slow";
  if (!(error instanceof AppError)) return "failed";
  return error.code === "FILE_NOT_FOUND" ? "missing" : "refused";
}

/** A body that has begun is cut off: its length tells the reader. */
function refuse(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const error = problemOf(thrown);
  const headers = { ...error.headers, "Content-Type": PROBLEM_CONTENT_TYPE, "Cache-Control": "no-store" };
  response.writeHead(asAppError(error).status, headers).end(JSON.stringify(formatProblem(error)));
}

/** That a copy is wrong, or that there is no place now, says nothing of its target's health: neither is a fault of the server's. */
function problemOf(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof CopyMismatch) return new AppError("UPLOAD_LOST", { cause: thrown });
  return new AppError("SERVICE_UNAVAILABLE", { cause: thrown });
}
