import { ApiError, localProblem, parseProblem } from "./problem.ts";
import type { TokenSource } from "./tokens.ts";

const TIMEOUT_MS = 30_000;

export interface ApiRequest {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

/** Sends a request with a token, renewed once after a 401. Answers are 2xx; anything else is thrown. */
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

  return async (request) => {
    const { signal } = request;
    const first = await answerOf(async () => send(request, await tokens.current()), signal);
    const answer =
      first.status === 401
        ? await answerOf(async () => send(request, await tokens.renewed()), signal)
        : first;
    if (answer.ok) return answer;
    throw new ApiError(parseProblem(answer.status, await answer.text()));
  };
}
