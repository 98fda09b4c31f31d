/** How miniflare must run the bridge. Plain data: the stack that starts it decides on ports, paths and secrets. */
export interface QueueBridgeSettings {
  /** The bridge, bundled into one ES module. */
  readonly script: string;
  readonly compatibilityDate: string;
  readonly queues: readonly string[];
  readonly token: string;
  readonly host: string;
  /** 0 takes a free one; `unsafeGetDirectURL(QUEUE_BRIDGE_NAME)` tells which. */
  readonly port: number;
  readonly maxRetries?: number;
  /** How long a pull of an empty queue waits for a message: for consumers that nobody kills. */
  readonly pullHoldMs?: number;
}

export const QUEUE_BRIDGE_NAME = "queue-bridge";

/** The bridge as an entry of Miniflare's `workers` (its V4 options). It needs `resourcePersistencePath` beside it. */
export function queueBridgeWorker(settings: QueueBridgeSettings) {
  return {
    name: QUEUE_BRIDGE_NAME,
    modules: true as const,
    script: settings.script,
    compatibilityDate: settings.compatibilityDate,
    bindings: {
      QUEUES: [...settings.queues],
      QUEUES_TOKEN: settings.token,
      ...(settings.maxRetries === undefined ? {} : { MAX_RETRIES: settings.maxRetries }),
      ...(settings.pullHoldMs === undefined ? {} : { PULL_HOLD_MS: settings.pullHoldMs }),
    },
    durableObjects: { QUEUE_OBJECTS: { className: "QueueObject", useSQLite: true } },
    // A socket of its own: requests reach the bridge without passing the main worker.
    unsafeDirectSockets: [{ host: settings.host, port: settings.port }],
  };
}

/**
 * The producer of a queue as an entry of another worker's `serviceBindings`, in place of one in `queueProducers`. The
 * queue must be one of the bridge's.
 */
export function localQueueBinding(queue: string) {
  return { name: QUEUE_BRIDGE_NAME, entrypoint: "LocalQueue", props: { queue } };
}
