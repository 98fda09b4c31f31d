import { z } from "zod";
import { type Backlog, type LeasedMessage, MAX_DELAY_SECONDS, type Settlement } from "./messages.ts";

const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;

/**
 * Body of `messages/pull`. Defaults and limits:
 * https://developers.cloudflare.com/queues/configuration/pull-consumers/#3-pull-messages
 */
export const PullRequest = z.object({
  batch_size: z.int().min(1).max(100).default(5),
  visibility_timeout_ms: z
    .int()
    .min(1)
    .max(12 * HOUR_MS)
    .default(30 * SECOND_MS),
});

const Lease = z.object({ lease_id: z.string().min(1) });

/**
 * Body of `messages/ack`: https://developers.cloudflare.com/queues/configuration/pull-consumers/#4-acknowledge-messages.
 */
export const AckRequest = z.object({
  acks: z.array(Lease).default([]),
  retries: z
    .array(Lease.extend({ delay_seconds: z.int().min(0).max(MAX_DELAY_SECONDS).default(0) }))
    .default([]),
});

/** Result of `messages/pull`, as `MessagePullResponse` of the `cloudflare` package declares it. */
export function formatPull(messages: readonly LeasedMessage[], backlog: Backlog) {
  return {
    message_backlog_count: backlog.count,
    metadata: {
      metrics: {
        backlog_bytes: backlog.sizeBytes,
        backlog_count: backlog.count,
        oldest_message_timestamp_ms: backlog.oldestSentAtMs,
      },
    },
    messages: messages.map(formatMessage),
  };
}

function formatMessage(message: LeasedMessage) {
  return {
    id: message.id,
    lease_id: message.leaseId,
    body: message.body,
    attempts: message.attempts,
    timestamp_ms: message.sentAtMs,
    metadata: { "CF-Content-Type": message.contentType },
  };
}

/** Result of `messages/ack`, as `MessageAckResponse` of the `cloudflare` package declares it. */
export function formatSettlement({ ackedCount, retriedCount, warnings }: Settlement) {
  return { ackCount: ackedCount, retryCount: retriedCount, warnings };
}

/** The envelope of every successful answer of Cloudflare's API. */
export function formatSuccess(result: object) {
  return { success: true, errors: [], messages: [], result };
}
