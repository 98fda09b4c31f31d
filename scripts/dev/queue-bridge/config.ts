import { z } from "zod";
import type { QueueObject } from "./queue-object.ts";

/** What `queueBridgeWorker` in options.ts binds. */
export interface BridgeEnv {
  readonly QUEUE_OBJECTS: DurableObjectNamespace<QueueObject>;
  readonly QUEUES_TOKEN: string;
  readonly QUEUES: unknown;
  readonly MAX_RETRIES?: unknown;
  readonly PULL_HOLD_MS?: unknown;
}

const BridgeConfig = z.object({
  /** The bearer token that every request must carry. */
  QUEUES_TOKEN: z.string().min(1),
  /** The queues served; one that isn't listed answers "not found" instead of "empty for ever". */
  QUEUES: z.array(z.string().min(1)).min(1),
  /** Failed deliveries after which a message is dead. 100 is the most that Cloudflare allows. */
  MAX_RETRIES: z.int().min(1).max(100).default(100),
  /** How long a pull of an empty queue waits for a message. Cloudflare's answers at once. */
  PULL_HOLD_MS: z.int().min(0).default(0),
});
type BridgeConfig = z.infer<typeof BridgeConfig>;

/** Reads the bridge's settings from its bindings; throws a ZodError that names the wrong one. */
export function parseBridgeConfig(env: BridgeEnv): BridgeConfig {
  return BridgeConfig.parse(env);
}
