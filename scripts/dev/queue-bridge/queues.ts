import { type BridgeEnv, parseBridgeConfig } from "./config.ts";
import type { QueueObject } from "./queue-object.ts";

/** The object of a queue; undefined if the bridge doesn't serve it: a mistyped queue would look like an empty one. */
export function findQueue(env: BridgeEnv, name: string): DurableObjectStub<QueueObject> | undefined {
  return parseBridgeConfig(env).QUEUES.includes(name) ? env.QUEUE_OBJECTS.getByName(name) : undefined;
}
