/**
 * Part of the tests' worker: calls that uploads make to the bucket, the database and the queue, held on the way, so that
 * a kill meets an upload at a known place. A held call is never let go: it ends with workerd.
 */

/** Calls of an upload's object: R2's, D1's `batch` and the queue's `send`. */
const HELD_CALLS = [
  "get",
  "put",
  "createMultipartUpload",
  "uploadPart",
  "complete",
  "batch",
  "send",
  "delete",
] as const;
export type HeldCall = (typeof HELD_CALLS)[number];

/** A call of an upload waits: before it is carried out, or before its answer is heard. */
export interface Hold {
  readonly tenantId: string;
  readonly call: HeldCall;
  readonly when: "before" | "after";
  /** How many such calls go through before. */
  readonly skipped?: number;
}

/** The bindings that an upload's object uses. */
interface Bindings {
  readonly BUCKET: object;
  readonly DB: object;
  readonly JOBS: object;
}

type Method = (...args: unknown[]) => unknown;

/** By tenant: the worker and its objects are one isolate, so they share these. */
const planned = new Map<string, Hold>();
const held = new Set<string>();

async function around(tenantId: string, name: string, call: () => unknown): Promise<unknown> {
  const hold = planned.get(tenantId);
  if (hold?.call !== name) return call();
  const { skipped = 0 } = hold;
  if (skipped > 0) {
    planned.set(tenantId, { ...hold, skipped: skipped - 1 });
    return call();
  }
  if (hold.when === "after") await call();
  held.add(tenantId);
  return new Promise<never>(() => {});
}

function isHeldCall(name: string | symbol): name is HeldCall {
  return (HELD_CALLS as readonly (string | symbol)[]).includes(name);
}

function withHolds<T extends object>(target: T, tenantId: string): T {
  return new Proxy(target, {
    get(_target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      const method: Method = (...args) => Reflect.apply(member, target, args);
      if (name === "resumeMultipartUpload")
        return (...args: unknown[]) => withHolds(method(...args) as object, tenantId);
      return isHeldCall(name)
        ? (...args: unknown[]) => around(tenantId, name, () => method(...args))
        : method;
    },
  });
}

/** The bindings of one upload's object, whose name begins with its tenant. */
export function holdCalls<T extends Bindings>(env: T, objectName = ""): T {
  const [tenantId = ""] = objectName.split("/");
  return {
    ...env,
    BUCKET: withHolds(env.BUCKET, tenantId),
    DB: withHolds(env.DB, tenantId),
    JOBS: withHolds(env.JOBS, tenantId),
  };
}

export function planHold(hold: Hold): void {
  planned.set(hold.tenantId, hold);
}

/** The tenants of whom a call waits. */
export function heldTenants(): readonly string[] {
  return [...held];
}
