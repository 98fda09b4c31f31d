/**
 * The queue in development. Cloudflare serves a queue over HTTP to consumers outside of Workers; miniflare doesn't, and
 * keeps messages in memory only. This worker runs beside the main one in the same workerd and closes both gaps:
 *
 * - `LocalQueue` is what the main worker sends to, in place of miniflare's queue: a service binding with the producer's
 *   methods, which resolve when the message is durable, as Cloudflare's do.
 * - `QueueObject`, one Durable Object per queue, keeps the messages in SQLite. A message is never in memory alone.
 * - `fetch` answers Cloudflare's own pull and ack routes from there, so the processor talks to the bridge through the
 *   `cloudflare` package as it does to Cloudflare, with another base URL.
 */
import { app } from "./app.ts";
import type { BridgeEnv } from "./config.ts";

export { LocalQueue } from "./local-queue.ts";
export { QueueObject } from "./queue-object.ts";

export default { fetch: app.fetch } satisfies ExportedHandler<BridgeEnv>;
