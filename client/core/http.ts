import { parseRetryAfterMs } from "./failure.ts";
import { ApiError, localProblem, parseProblem } from "./problem.ts";
import type { TokenSource } from "./tokens.ts";
import { wait } from "./wait.ts";

const TIMEOUT_MS = 30_000;

/** A rate limit's period is ten seconds; who is still over it after three of them isn't one who was in a hurry. */
const MAX_WAITS = 3;
const DEFAULT_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

export interface ApiRequest {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

/**
 * Sends a request with a token, renewed once after a 401, and again after a 429, which has done nothing, when its
 * `Retry-After` is over. Answers are 2xx; anything else is thrown.
 */
export type ApiFetch = (request: ApiRequest) => Promise<Response>;

async function answerOf(send: () => Promise<Response>, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await send();
  } catch (cause) {
    // The caller's own abort is theirs to see; our timeout is a lost connection.
    signal?.throwIfAborted();
    throw new ApiError(localProblem("CONNECTION_LOST"), { cause });
  }
}

async function waitOut(answer: Response, signal = new AbortController().signal): Promise<void> {
  const askedMs = parseRetryAfterMs(answer.headers.get("Retry-After"), Date.now()) ?? DEFAULT_WAIT_MS;
  await answer.body?.cancel();
  if (!(await wait(Math.min(askedMs, LONGEST_WAIT_MS), signal))) throw signal.reason;
}

/** @param baseUrl without a trailing slash; "" for the page's own origin */
export function createApiFetch(baseUrl: string, tokens: TokenSource): ApiFetch {
  function send(request: ApiRequest, token: string): Promise<Response> {
    const timeout = AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS);
    const headers = new Headers({ Authorization: `Bearer ${token}` });
    if (request.body !== undefined) headers.set("Content-Type", "application/json");
    return fetch(baseUrl + request.path, {
      method: request.method ?? "GET",
      headers,
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]),
    });
  }

  async function exchange(request: ApiRequest): Promise<Response> {
    const { signal } = request;
    const first = await answerOf(async () => send(request, await tokens.current()), signal);
    if (first.status !== 401) return first;
    return answerOf(async () => send(request, await tokens.renewed()), signal);
  }

  return async (request) => {
    let answer = await exchange(request);
    for (let waits = 0; answer.status === 429 && waits < MAX_WAITS; waits += 1) {
      await waitOut(answer, request.signal);
      answer = await exchange(request);
    }
    if (answer.ok) return answer;
    throw new ApiError(parseProblem(answer.status, await answer.text()));
  };
}
