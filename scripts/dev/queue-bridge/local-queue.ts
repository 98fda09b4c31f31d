import { WorkerEntrypoint } from "cloudflare:workers";
import type { BridgeEnv } from "./config.ts";
import type { Backlog } from "./messages.ts";
import { parseOutgoing } from "./outgoing.ts";
import { findQueue } from "./queues.ts";

/** What `localQueueBinding` in options.ts puts into a binding. */
interface LocalQueueProps {
  readonly queue: string;
}

/**
 * The producer of a queue, as the main worker's binding. Like Cloudflare's it resolves when the messages are durable:
 * the Durable Object's answer waits for its rows.
 *
 * It is reached by RPC, so arguments are cloned on the way: a body may hold no instances of classes, and the messages
 * of a batch must be an array, not any iterable.
 */
export class LocalQueue
  extends WorkerEntrypoint<BridgeEnv, LocalQueueProps>
  implements Pick<Queue, "send" | "sendBatch">
{
  /** Stores one message. Throws a TypeError or RangeError where Cloudflare refuses it. */
  async send(body: unknown, options: QueueSendOptions = {}): Promise<QueueSendResponse> {
    return this.#add([{ ...options, body }]);
  }

  /** Stores all messages or none. A message's own delay goes before the batch's. Throws as `send` does. */
  async sendBatch(
    messages: Iterable<MessageSendRequest>,
    { delaySeconds }: QueueSendBatchOptions = {},
  ): Promise<QueueSendBatchResponse> {
    return this.#add(
      Array.from(messages, (message) => ({ ...message, delaySeconds: message.delaySeconds ?? delaySeconds })),
    );
  }

  async #add(requests: readonly unknown[]): Promise<QueueSendBatchResponse> {
    const { queue: name } = this.ctx.props;
    const queue = findQueue(this.env, name);
    if (queue === undefined) throw new Error(`Queue ${name} does not exist`);
    return formatSent(await queue.add(parseOutgoing(requests)));
  }
}

function formatSent({ count, sizeBytes, oldestSentAtMs }: Backlog): QueueSendBatchResponse {
  const oldestMessageTimestamp = new Date(oldestSentAtMs);
  return { metadata: { metrics: { backlogCount: count, backlogBytes: sizeBytes, oldestMessageTimestamp } } };
}
