import { randomUUID } from "node:crypto";
import { Changes, startHttpDouble } from "./http-double.ts";

export const QUEUE_NAMES = { accountId: "account", queueId: "queue", token: "queue-token" } as const;

interface Message {
  readonly id: string;
  readonly body: string;
  readonly contentType: string;
  attempts: number;
}

export interface QueueDouble {
  readonly baseUrl: string;
  readonly changes: Changes;
  readonly acks: string[];
  readonly retries: { readonly leaseId: string; readonly delaySeconds: number }[];
  readonly pulls: { readonly batchSize: number; readonly visibilityTimeoutMs: number }[];
  /** Requests to fail, from now on. */
  failures: number;
  /** @param attempts deliveries that it has had elsewhere */
  push(body: string, contentType?: string, attempts?: number): void;
  /** The next message comes with these fields instead of its own. */
  spoilNext(fields: object): void;
  /** Pulls are answered only after `release`; `asked` tells of the first. */
  holdPulls(): { readonly asked: Promise<void>; release(): void };
  stop(): Promise<void>;
}

/** What an `ack` call says of the messages that it settles. */
interface Settlement {
  readonly acks?: readonly { readonly lease_id: string }[];
  readonly retries?: readonly { readonly lease_id: string; readonly delay_seconds: number }[];
}

/**
 * The two REST calls of an HTTP pull consumer, as Cloudflare documents them. Leases are named after the message and its
 * attempt. A message that was retried comes again at once: the delay that was asked for is in `retries`.
 */
export async function startQueueDouble(): Promise<QueueDouble> {
  const waiting: Message[] = [];
  const leased = new Map<string, Message>();
  let spoiled: object = {};
  let hold = async (): Promise<void> => undefined;
  const queue: Omit<QueueDouble, "baseUrl" | "stop"> = {
    ...{ changes: new Changes(), acks: [], retries: [], pulls: [], failures: 0 },
    push: (body, contentType = "json", attempts = 0) => {
      const encoded = contentType === "text" ? body : Buffer.from(body).toString("base64");
      waiting.push({ id: randomUUID(), body: encoded, contentType, attempts });
    },
    spoilNext: (fields) => {
      spoiled = fields;
    },
    holdPulls: () => {
      const asked = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      hold = () => {
        asked.resolve();
        return released.promise;
      };
      return { asked: asked.promise, release: released.resolve };
    },
  };
  const lease = (message: Message) => {
    message.attempts += 1;
    const leaseId = `${message.id}#${message.attempts}`;
    leased.set(leaseId, message);
    const { id, body, attempts, contentType } = message;
    const metadata = { "CF-Content-Type": contentType };
    const told = { id, lease_id: leaseId, body, attempts, timestamp_ms: Date.now(), metadata, ...spoiled };
    spoiled = {};
    return told;
  };
  const operations: Record<string, (body: string) => object> = {
    pull: (body) => {
      const request = JSON.parse(body) as { batch_size: number; visibility_timeout_ms: number };
      queue.pulls.push({ batchSize: request.batch_size, visibilityTimeoutMs: request.visibility_timeout_ms });
      const messages = waiting.splice(0, request.batch_size).map(lease);
      return { messages, message_backlog_count: waiting.length + leased.size };
    },
    ack: (body) => {
      const { acks = [], retries = [] } = JSON.parse(body) as Settlement;
      for (const { lease_id } of acks) {
        leased.delete(lease_id);
        queue.acks.push(lease_id);
      }
      for (const { lease_id, delay_seconds } of retries) {
        const message = leased.get(lease_id);
        if (message !== undefined) waiting.push(message);
        leased.delete(lease_id);
        queue.retries.push({ leaseId: lease_id, delaySeconds: delay_seconds });
      }
      return { ackCount: acks.length, retryCount: retries.length, warnings: {} };
    },
  };
  const prefix = `/accounts/${QUEUE_NAMES.accountId}/queues/${QUEUE_NAMES.queueId}/messages/`;
  const server = await startHttpDouble(async ({ path, headers, body }) => {
    const operation = path.startsWith(prefix) ? operations[path.slice(prefix.length)] : undefined;
    const allowed = headers.authorization === `Bearer ${QUEUE_NAMES.token}`;
    if (operation === undefined || !allowed) return { status: 403, body: { success: false } };
    if (queue.failures > 0) {
      queue.failures -= 1;
      queueMicrotask(() => queue.changes.notify());
      return { status: 500, body: { success: false } };
    }
    if (operation === operations["pull"]) await hold();
    const result = operation(body);
    queue.changes.notify();
    return { status: 200, body: { success: true, errors: [], messages: [], result } };
  });
  return Object.assign(queue, { baseUrl: server.url, stop: () => server.stop() });
}
