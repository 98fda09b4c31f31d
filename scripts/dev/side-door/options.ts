/** How miniflare must run the side door. */
export interface SideDoorSettings {
  /** The side door, bundled into one ES module. */
  readonly script: string;
  readonly compatibilityDate: string;
  readonly token: string;
  /** The databases that are asked through it, as in the worker's own options. */
  readonly d1Databases: unknown;
  /** The same of buckets. */
  readonly r2Buckets?: unknown;
  /** The name of the worker whose cron it runs. */
  readonly main?: string;
}

export const SIDE_DOOR_NAME = "side-door";

/** The side door as an entry of Miniflare's `workers` (its V4 options); `unsafeGetDirectURL(SIDE_DOOR_NAME)` is its URL. */
export function sideDoorWorker(settings: SideDoorSettings) {
  const { script, compatibilityDate, token, d1Databases, r2Buckets = [], main } = settings;
  return {
    name: SIDE_DOOR_NAME,
    modules: true as const,
    script,
    compatibilityDate,
    // Without it a service binding has no `scheduled`.
    compatibilityFlags: ["service_binding_extra_handlers"],
    bindings: { SIDE_DOOR_TOKEN: token },
    d1Databases,
    r2Buckets,
    ...(main === undefined ? {} : { serviceBindings: { MAIN: main } }),
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
}
