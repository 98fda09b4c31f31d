import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import Cloudflare from "cloudflare";
import type { MessagePullResponse } from "cloudflare/resources/queues/messages";
import { bundleDevWorker } from "../../scripts/dev/bundle.ts";
import { COMPATIBILITY } from "../../scripts/dev/compatibility.ts";
import { miniflare } from "../../scripts/dev/from-wrangler.ts";
import type { QueueCounts } from "../../scripts/dev/queue-bridge/messages.ts";
import {
  localQueueBinding,
  QUEUE_BRIDGE_NAME,
  type QueueBridgeSettings,
  queueBridgeWorker,
} from "../../scripts/dev/queue-bridge/options.ts";

export const ACCOUNT = "local";
export const TOKEN = "queue-bridge-test-token";
export const MAX_RETRIES = 3;
// One queue per test keeps tests apart without a new runtime for each.
export const QUEUES = Array.from({ length: 80 }, (_, index) => `queue-${index}`);
/** Bound in the producer, but not served by the bridge. */
export const UNSERVED_QUEUE = "queue-x";

const { compatibilityDate } = COMPATIBILITY;

/** `/send` sends the request's body, read as the query says; `/batch` sends what the body lists. */
const PRODUCER = `
  const read = { json: (r) => r.json(), text: (r) => r.text(), bytes: (r) => r.bytes() };
  const parse = (json) => (json === null ? undefined : JSON.parse(json));
  export default {
    async fetch(request, env) {
      const { pathname, searchParams: query } = new URL(request.url);
      const queue = env[query.get("queue")];
      const options = parse(query.get("options"));
      const body = await read[query.get("as")](request);
      try {
        return Response.json(
          pathname === "/batch" ? await queue.sendBatch(body, options) : await queue.send(body, options),
        );
      } catch ({ name, message }) {
        return Response.json({ name, message }, { status: 500 });
      }
    },
  };
`;

export type Leased = MessagePullResponse;
export type Lease = { lease_id: string };
export type Stack = Awaited<ReturnType<typeof startStack>>;
export type TestQueue = ReturnType<typeof openQueue>;
type Settle = Omit<Parameters<Cloudflare["queues"]["messages"]["ack"]>[1], "account_id">;
type SendOptions = { contentType?: string; delaySeconds?: number };

/** What clocked.ts adds to a queue's object. */
interface ClockedObject {
  advanceClock(durationMs: number): Promise<void>;
  stall(durationMs: number): Promise<void>;
  untilPulls(count: number): Promise<void>;
}

/** What a producer's call was refused with. */
export class SendFailure extends Error {}

export type StackSettings = Pick<QueueBridgeSettings, "pullHoldMs">;

/** Runs the bridge with a clock that can be moved, and a producer bound to all of its queues. */
export async function startStack(resourcePersistencePath: string, settings: StackSettings = {}) {
  const bridge = queueBridgeWorker({
    script: await bundleDevWorker("scripts/dev/queue-bridge/clocked.ts"),
    compatibilityDate,
    queues: QUEUES,
    token: TOKEN,
    host: "127.0.0.1",
    port: 0,
    maxRetries: MAX_RETRIES,
    ...settings,
  });
  const producer = {
    name: "producer",
    modules: true as const,
    script: PRODUCER,
    compatibilityDate,
    serviceBindings: Object.fromEntries(
      [...QUEUES, UNSERVED_QUEUE].map((name) => [name, localQueueBinding(name)]),
    ),
  };
  const options = miniflare.convertV4MiniflareOptions({
    resourcePersistencePath,
    workers: [producer, bridge],
  });
  const { runtime, workerd } = await startRuntime(options);
  const url = await runtime.unsafeGetDirectURL(QUEUE_BRIDGE_NAME);
  const client = new Cloudflare({ apiToken: TOKEN, baseURL: new URL("/client/v4", url).href, maxRetries: 0 });
  /** Ends workerd as a crash does. */
  const kill = async () => {
    const ended = once(workerd, "exit");
    workerd.kill("SIGKILL");
    await ended;
  };
  return { runtime, url, client, kill };
}

/** Starts miniflare and catches the workerd that it spawns, which it gives no access to. */
async function startRuntime(options: ReturnType<typeof miniflare.convertV4MiniflareOptions>) {
  const spawned: ChildProcess[] = [];
  const note = (message: unknown) => void spawned.push((message as { process: ChildProcess }).process);
  subscribe("child_process", note);
  try {
    const runtime = new miniflare.Miniflare(options);
    await runtime.ready;
    const workerd = spawned.find(({ spawnfile }) => spawnfile.endsWith("workerd"));
    if (workerd === undefined) throw new Error("miniflare started no workerd.");
    return { runtime, workerd };
  } finally {
    unsubscribe("child_process", note);
  }
}

/** One queue of a stack, from its producer's, its consumer's and its keeper's side. */
export function openQueue({ runtime, url, client }: Stack, name: string) {
  const authorized = { headers: { Authorization: `Bearer ${TOKEN}` } };
  const countsUrl = new URL(`/dev/queues/${name}`, url);
  const releaseUrl = new URL(`/dev/queues/${name}/release`, url);

  async function produce(path: string, as: string, body: string | Uint8Array, options?: SendOptions) {
    const query = new URLSearchParams({ queue: name, as });
    if (options !== undefined) query.set("options", JSON.stringify(options));
    const response = await runtime.dispatchFetch(`http://producer/${path}?${query}`, {
      method: "POST",
      body,
    });
    const answer: unknown = await response.json();
    if (response.ok) return answer;
    const { name: kind, message } = answer as Error;
    throw new SendFailure(`${kind}: ${message}`);
  }

  async function findObject() {
    const objects = await runtime.getDurableObjectNamespace("QUEUE_OBJECTS", QUEUE_BRIDGE_NAME);
    return objects.get(objects.idFromName(name)) as unknown as ClockedObject;
  }

  const sendBatch = (messages: readonly unknown[], options?: SendOptions) =>
    produce("batch", "json", JSON.stringify(messages), options);

  return {
    name,
    countsUrl,
    releaseUrl,
    /** Calls the producer's `send` with `body`, read there as `json`, `text` or `bytes`. */
    send: (as: string, body: string | Uint8Array, options?: SendOptions) =>
      produce("send", as, body, options),
    sendBatch,
    /** Sends texts, 100 at most. */
    sendTexts: (...texts: readonly string[]) =>
      sendBatch(texts.map((body) => ({ body, contentType: "text" }))),
    pull: (options: { batch_size?: number; visibility_timeout_ms?: number } = {}): Promise<Leased> =>
      client.queues.messages.pull(name, { account_id: ACCOUNT, ...options }),
    ack: (settle: Settle) => client.queues.messages.ack(name, { account_id: ACCOUNT, ...settle }),
    post: (action: string, body: string): Promise<Response> =>
      fetch(new URL(`/client/v4/accounts/${ACCOUNT}/queues/${name}/messages/${action}`, url), {
        ...authorized,
        method: "POST",
        body,
      }),
    counts: async () => (await (await fetch(countsUrl, authorized)).json()) as QueueCounts,
    release: async () =>
      (await (await fetch(releaseUrl, { ...authorized, method: "POST" })).json()) as unknown,
    /** Moves this queue's clock forward. */
    advance: async (durationMs: number) => (await findObject()).advanceClock(durationMs),
    /** Lets this queue's object wait before it does anything else. */
    stall: async (durationMs: number) => (await findObject()).stall(durationMs),
    /** Resolves when so many pulls have come to this queue's object since it was started. */
    untilPulls: async (count: number) => (await findObject()).untilPulls(count),
  };
}

export const EMPTY_COUNTS: QueueCounts = {
  visible: 0,
  leased: 0,
  delayed: 0,
  dead: 0,
  oldestVisibleAtMs: null,
};

export function bodies({ messages = [] }: Leased): (string | undefined)[] {
  return messages.map(({ body }) => body);
}

export function leases({ messages = [] }: Leased): Lease[] {
  return messages.map(({ lease_id = "" }) => ({ lease_id }));
}

/** Throws if nothing was leased. */
export function requireLease(leased: Lease | undefined): Lease {
  if (leased === undefined) throw new Error("Nothing was leased.");
  return leased;
}
