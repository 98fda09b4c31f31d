import { z } from "zod";
import { Job } from "#contract/jobs.ts";
import { ProcessorFailure } from "./failure.ts";
import { type QueueAccess, QueueCalls } from "./queue-calls.ts";

export interface QueueOptions extends QueueAccess {
  readonly visibilityTimeoutSeconds: number;
}

/** A message that is ours for the visibility timeout. */
export interface Delivery {
  readonly messageId: string;
  readonly leaseId: string;
  /** Deliveries of this message so far, this one included. */
  readonly attempts: number;
  /** When it was sent, by the queue's clock; undefined where that isn't told. */
  readonly sentAtMs?: number | undefined;
  readonly contentType: string;
  readonly body: string;
}

export interface Pulled {
  readonly deliveries: readonly Delivery[];
  readonly backlog: number;
}

// What isn't as it should be is no job, and ends as such; the others that came with it are jobs. A message without a lease can't
// be handled at all.
const PulledMessage = z
  .object({
    id: z.string().catch(""),
    lease_id: z.string(),
    attempts: z.int().catch(1),
    timestamp_ms: z.number().optional().catch(undefined),
    body: z.string().catch(""),
    metadata: z.object({ "CF-Content-Type": z.string() }).partial().optional().catch(undefined),
  })
  .transform((message): Delivery => ({
    messageId: message.id,
    leaseId: message.lease_id,
    attempts: message.attempts,
    sentAtMs: message.timestamp_ms,
    contentType: message.metadata?.["CF-Content-Type"] ?? "json",
    body: message.body,
  }));
const PullAnswer = z.object({ message_backlog_count: z.int().default(0), messages: z.array(z.unknown()) });

/**
 * A Cloudflare Queue as an HTTP pull consumer sees it
 * (https://developers.cloudflare.com/queues/configuration/pull-consumers/). Every method throws QUEUE_UNAVAILABLE.
 */
export class PullQueue {
  readonly #calls: QueueCalls;
  readonly #visibilityTimeoutMs: number;

  constructor({ visibilityTimeoutSeconds, ...access }: QueueOptions) {
    this.#calls = new QueueCalls(access);
    this.#visibilityTimeoutMs = visibilityTimeoutSeconds * 1000;
  }

  /**
   * Leases up to `count` messages; answers at once when there are none. What an aborted pull has leased comes again when
   * that lease ends.
   */
  async pull(count: number, signal?: AbortSignal): Promise<Pulled> {
    const request = { batch_size: count, visibility_timeout_ms: this.#visibilityTimeoutMs };
    try {
      // Not tried again here: a pull whose answer was lost has leased messages, and the next would lease more.
      const answer = await this.#calls.post("pull", request, signal);
      const { messages, message_backlog_count } = PullAnswer.parse(answer);
      const deliveries = messages.flatMap((message) => PulledMessage.safeParse(message).data ?? []);
      return { deliveries, backlog: message_backlog_count };
    } catch (cause) {
      throw new ProcessorFailure("QUEUE_UNAVAILABLE", { detail: "pulling", cause });
    }
  }

  /** Ends a message. */
  async acknowledge(leaseId: string, signal?: AbortSignal): Promise<void> {
    await this.#settle({ acks: [{ lease_id: leaseId }] }, signal);
  }

  /** Gives a message back, to be delivered again after the delay. */
  async retry(leaseId: string, delaySeconds: number, signal?: AbortSignal): Promise<void> {
    await this.#settle({ retries: [{ lease_id: leaseId, delay_seconds: delaySeconds }] }, signal);
  }

  /** Tried again: settling a lease a second time changes nothing. */
  async #settle(settlement: object, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#calls.postAgain("ack", settlement, signal);
    } catch (cause) {
      throw new ProcessorFailure("QUEUE_UNAVAILABLE", { detail: "settling", cause });
    }
  }
}

/** The job in a message, or undefined for one that will never be a job. */
export function parseJob({ contentType, body }: Delivery): Job | undefined {
  if (contentType !== "json" && contentType !== "text") return undefined;
  try {
    // `json` bodies come in base64 (pull consumers, "Content types").
    const text = contentType === "json" ? Buffer.from(body, "base64").toString("utf8") : body;
    return Job.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Names the very bytes that a job is about, which may come in several messages; and what is done with them, where it is no check. */
export function nameBytes(job: Job): string {
  if (job.kind === "remove-copies") return job.kind;
  const { objectKey, etag } = job;
  const bytes = `${objectKey} ${etag}`;
  switch (job.kind) {
    case "page":
      return `${bytes} ${job.name}`;
    case "copy":
    case "repair":
      return `${bytes} ${job.kind}`;
    case "process":
      return bytes;
  }
}
