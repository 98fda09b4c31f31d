import Cloudflare from "cloudflare";
import type { WorkerAlone } from "./worker-alone.ts";

/** Takes what is in the queue of a worker alone, for good, and as much of it as comes in one answer. */
export async function takeJobs({ baseUrl, queueId, token }: WorkerAlone["queues"]): Promise<unknown[]> {
  const { messages: queue } = new Cloudflare({ apiToken: token, baseURL: baseUrl, maxRetries: 0 }).queues;
  const { messages = [] } = await queue.pull(queueId, { account_id: "local" });
  const acks = messages.map(({ lease_id = "" }) => ({ lease_id }));
  await queue.ack(queueId, { account_id: "local", acks });
  // Cloudflare gives messages that were sent as JSON in base64.
  return messages.map(({ body = "" }) => JSON.parse(Buffer.from(body, "base64").toString()) as unknown);
}
