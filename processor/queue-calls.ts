import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

/** Where a queue is, and the token for it, which needs `queues_read` and `queues_write`. */
export interface QueueAccess {
  readonly baseUrl: string;
  readonly accountId: string;
  readonly queueId: string;
  readonly token: string;
}

const DEADLINE_MS = 9_500;
/** Waits between attempts. */
const RETRY_DELAYS_MS = [500, 1_000];
/** What a call that is tried again takes at most, with all its attempts: 30 s. */
export const SETTLE_SECONDS =
  (RETRY_DELAYS_MS.reduce((sum, delayMs) => sum + delayMs, 0) + (RETRY_DELAYS_MS.length + 1) * DEADLINE_MS) /
  1000;

/** What all of Cloudflare's API answers in. */
const Envelope = z.object({ success: z.literal(true), result: z.unknown() });

/** The API has answered, and not with success. */
class QueueRefusal extends Error {
  override readonly name = "QueueRefusal";
  readonly status: number;

  constructor(status: number) {
    super(`It answered ${status}.`);
    this.status = status;
  }
}

/**
 * The two calls of Cloudflare's API that a pull consumer makes
 * (https://developers.cloudflare.com/api/resources/queues/subresources/messages/). Cloudflare's own package knows the other
 * two thousand too, and takes 0.4 s of CPU and 35 MB to load.
 */
export class QueueCalls {
  readonly #url: string;
  readonly #token: string;

  constructor({ baseUrl, accountId, queueId, token }: QueueAccess) {
    const queue = `accounts/${encodeURIComponent(accountId)}/queues/${encodeURIComponent(queueId)}`;
    this.#url = `${baseUrl.replace(/\/$/, "")}/${queue}/messages`;
    this.#token = token;
  }

  /** Makes a call once, and returns its result. Throws whatever keeps it from that. */
  async post(call: "pull" | "ack", request: object, signal?: AbortSignal): Promise<unknown> {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    const response = await fetch(`${this.#url}/${call}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.#token}`, "Content-Type": "application/json" },
      body: JSON.stringify(request),
      // The token is for this address.
      redirect: "error",
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new QueueRefusal(response.status);
    }
    return Envelope.parse(await response.json()).result;
  }

  /** Makes a call again after a failure that may pass: for one that does nothing the second time. */
  async postAgain(call: "ack", request: object, signal?: AbortSignal): Promise<void> {
    for (const delayMs of RETRY_DELAYS_MS) {
      try {
        await this.post(call, request, signal);
        return;
      } catch (error) {
        if (signal?.aborted === true || !mayPass(error)) throw error;
      }
      await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
    }
    await this.post(call, request, signal);
  }
}

function mayPass(error: unknown): boolean {
  return !(error instanceof QueueRefusal) || error.status === 429 || error.status >= 500;
}
