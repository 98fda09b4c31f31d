import { setTimeout as wait } from "node:timers/promises";

/** Where an export comes from, and as whom it is asked for. */
export interface Api {
  readonly url: string;
  readonly token: string;
}

/** What trying again won't change. */
export class Final extends Error {}

/** An answer that is the same however often one asks. */
export class Refusal extends Final {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
  }
}

/** A server that sends nothing for so long is given up. */
const IDLE_MS = 60_000;
const ATTEMPTS = 6;
const FIRST_WAIT_MS = 500;

async function refusalOf(answer: Response): Promise<Error> {
  const text = await answer.text();
  let code = text.slice(0, 200);
  try {
    code = String((JSON.parse(text) as { code?: unknown }).code);
  } catch {
    // Not a problem document: something between here and there answered.
  }
  const message = `${answer.status} ${code}`;
  const mayPass = answer.status >= 500 || answer.status === 429;
  return mayPass ? new Error(message) : new Refusal(answer.status, message);
}

/**
 * Gets a path and hands its bytes to `take` as they come. Throws `Refusal` where asking again is of no use, and other
 * errors where the connection, or the server, failed.
 */
export async function download(
  api: Api,
  path: string,
  headers: Readonly<Record<string, string>>,
  take: (bytes: Uint8Array, answer: Response) => Promise<void>,
): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error("The server sends nothing.")), IDLE_MS);
  try {
    const answer = await fetch(new URL(path, api.url), {
      headers: { ...headers, authorization: `Bearer ${api.token}` },
      signal: controller.signal,
    });
    if (!answer.ok) throw await refusalOf(answer);
    for await (const bytes of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
      timer.refresh();
      await take(bytes, answer);
    }
    return answer;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Does `attempt` until it succeeds, and gives up after six in a row that brought nothing: GET may be repeated.
 * @param progress how far it has got: more than before is a reason to go on
 */
export async function persist<T>(attempt: () => Promise<T>, progress: () => Promise<number>): Promise<T> {
  let best = await progress();
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof Final) throw error;
      const reached = await progress();
      if (reached > best) failures = 1;
      best = Math.max(best, reached);
      if (failures >= ATTEMPTS) throw error;
      await wait(FIRST_WAIT_MS * 2 ** (failures - 1));
    }
  }
}
