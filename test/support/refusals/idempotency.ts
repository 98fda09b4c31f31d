import { randomUUID } from "node:crypto";
import type { Ask, Scene } from "./scene.ts";
import { send } from "./scene.ts";
import type { Refusals } from "./table.ts";

/** A request that has succeeded, with a key. */
async function sentWithKey(scene: Scene, good: Ask): Promise<Ask> {
  const keyed = { ...good, headers: { ...good.headers, "idempotency-key": randomUUID() } };
  const { status } = await send(scene, keyed);
  if (status >= 400) throw new Error(`The first request was answered ${status}.`);
  return keyed;
}

/** Of whatever heeds an `Idempotency-Key`. */
export const IDEMPOTENT = {
  IDEMPOTENCY_KEY_INVALID: (_scene, good) => ({
    ...good,
    headers: { ...good.headers, "idempotency-key": '"' },
  }),
  IDEMPOTENCY_KEY_REUSED: async (scene, good) => {
    const sent = await sentWithKey(scene, good);
    return { ...sent, path: `${sent.path}?another` };
  },
  IDEMPOTENCY_KEY_IN_USE: async (scene, good) => {
    const sent = await sentWithKey(scene, good);
    await scene.stack.query(
      "UPDATE idempotency_keys SET answer = NULL, begun_at_ms = ? WHERE tenant_id = ?",
      Date.now(),
      scene.ann.tenantId,
    );
    return sent;
  },
} as const satisfies Refusals;
