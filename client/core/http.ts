import { backoffMs, parseRetryAfterMs } from "./backoff.ts";
import { noteAnswer, noteSilence } from "./endpoint-warning.ts";
import { ApiError, isPassing, localProblem, parseProblem } from "./problem.ts";
import { createTokenSource, type TokenSource } from "./tokens.ts";
import type { GetToken } from "./types.ts";
import { startDeadline, unlessAborted, wait } from "./wait.ts";

const TIMEOUT_MS = 30_000;
const RETRIES = 3;
const RETRY_BASE_MS = 1_000;
/** A rate limit's period is ten seconds; who is still over it after three of them isn't one who was in a hurry. */
const MAX_WAITS = 3;
const LONGEST_WAIT_MS = 60_000;

/** How calls are made; all of it may be left out but where to and as whom. */
export interface ApiOptions {
  readonly getToken: GetToken;
  /** In the place of the platform's own: a Worker's service binding, a proxy, a test. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Each attempt is given up after this. 30 seconds. */
  readonly timeoutMs?: number;
  /** How often a call that may be repeated is, where nobody answered or something was out of order. 3. */
  readonly retries?: number;
  /** First delay before that, doubling. A second. */
  readonly retryBaseMs?: number;
}

export interface CallOptions {
  /** Ends the call, whatever it is waiting for. */
  readonly signal?: AbortSignal | undefined;
  /** In the place of the client's. */
  readonly timeoutMs?: number | undefined;
}

export type QueryValue = string | number | boolean | readonly string[] | undefined;

export interface ApiRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is. A stream can be sent once. */
  readonly content?: BodyInit;
  /** Whether a POST without an Idempotency-Key does the same when it is sent twice. */
  readonly isRepeatable?: boolean;
  /** Whether it is for anybody: sent without a token. */
  readonly isPublic?: boolean;
}

/**
 * Sends a request with a token, which is renewed once after a 401. After a 429, which has done nothing, it is sent again
 * when `Retry-After` is over; where nobody answered, or the server failed, if it may be repeated. `read` is part of the
 * attempt: a body that breaks off is no answer. Throws `ApiError`, or the reason of the caller's signal.
 */
export type ApiCall = <T>(
  request: ApiRequest,
  read: (answer: Response) => T | Promise<T>,
  options?: CallOptions,
) => Promise<T>;

export async function readJson<T>(answer: Response): Promise<T> {
  return (await answer.json()) as T;
}

export async function readNothing(answer: Response): Promise<void> {
  await answer.body?.cancel();
}

function queryOf(values: NonNullable<ApiRequest["query"]>): string {
  const pairs = Object.entries(values).flatMap(([key, value]) =>
    [value ?? []].flat().map((each) => [key, String(each)]),
  );
  const text = new URLSearchParams(pairs).toString();
  return text === "" ? "" : `?${text}`;
}

function initOf({ method = "GET", headers, body, content }: ApiRequest, signal: AbortSignal): RequestInit {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const type = json === undefined ? {} : { "Content-Type": "application/json" };
  const init = { method, headers: { ...type, ...headers }, body: json ?? content ?? null, signal };
  // Node sends no stream without being told that it won't wait for all of it before it reads the answer.
  return content instanceof ReadableStream ? ({ ...init, duplex: "half" } as RequestInit) : init;
}

async function tokenFrom(asking: Promise<string>, signal: AbortSignal): Promise<string> {
  try {
    return await unlessAborted(asking, signal);
  } catch (cause) {
    signal.throwIfAborted();
    // fetch rejects with a TypeError where nothing answers, and getToken is mostly a fetch.
    if (cause instanceof TypeError) throw cause;
    throw new ApiError(localProblem("TOKEN_UNAVAILABLE"), { cause });
  }
}

async function refusalOf(answer: Response, url: string): Promise<ApiError> {
  const retryAfterMs = parseRetryAfterMs(answer.headers.get("Retry-After"), Date.now());
  const body = await answer.text();
  noteAnswer(url, answer.status, body);
  return new ApiError(parseProblem(answer.status, body), { retryAfterMs });
}

function mayBeRepeated({ method = "GET", headers = {}, content, isRepeatable }: ApiRequest): boolean {
  if (content instanceof ReadableStream) return false;
  return method !== "POST" || isRepeatable === true || Object.hasOwn(headers, "Idempotency-Key");
}

/** What isn't there any more was deleted by the attempt that nobody answered. */
function isDone(error: unknown, { method }: ApiRequest): boolean {
  return method === "DELETE" && error instanceof ApiError && error.problem.status === 404;
}

/** How long to wait before a request is sent again; undefined where it is not to be. */
function delayAfter(error: unknown, request: ApiRequest, failures: number, options: Required<RetryOptions>) {
  if (!(error instanceof ApiError)) return undefined;
  const { status, code } = error.problem;
  // Both have done nothing: the first request with the key is still under way.
  const hasDoneNothing = status === 429 || code === "IDEMPOTENCY_KEY_IN_USE";
  if (request.content instanceof ReadableStream) return undefined;
  if (!hasDoneNothing && !(isPassing(error) && mayBeRepeated(request))) return undefined;
  if (failures > (hasDoneNothing ? MAX_WAITS : options.retries)) return undefined;
  return Math.min(LONGEST_WAIT_MS, error.retryAfterMs ?? backoffMs(failures, options.retryBaseMs));
}

type RetryOptions = Pick<ApiOptions, "retries" | "retryBaseMs">;

/** @param baseUrl without a trailing slash; "" for the page's own origin */
export function createApiCall(baseUrl: string, options: ApiOptions): ApiCall {
  const { retries = RETRIES, retryBaseMs = RETRY_BASE_MS, timeoutMs: callTimeoutMs = TIMEOUT_MS } = options;
  const tokens = createTokenSource(options.getToken);
  const attempt = createAttempt(baseUrl, tokens, options);

  return async (request, read, { signal = new AbortController().signal, timeoutMs = callTimeoutMs } = {}) => {
    let wasUnanswered = false;
    for (let failures = 1; ; failures += 1) {
      try {
        return await attempt(request, read, { signal, timeoutMs });
      } catch (error) {
        if (wasUnanswered && isDone(error, request)) return read(new Response());
        const delayMs = delayAfter(error, request, failures, { retries, retryBaseMs });
        if (delayMs === undefined) throw error;
        wasUnanswered ||= isPassing(error) && error.problem.status !== 429;
        if (!(await wait(delayMs, signal))) throw signal.reason;
      }
    }
  };
}

type Attempt = <T>(
  request: ApiRequest,
  read: (answer: Response) => T | Promise<T>,
  limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
) => Promise<T>;

function createAttempt(baseUrl: string, tokens: TokenSource, options: ApiOptions): Attempt {
  const { fetch: send = (url: string, init: RequestInit) => fetch(url, init) } = options;

  async function exchange(request: ApiRequest, signal: AbortSignal): Promise<Response> {
    const url = baseUrl + request.path + queryOf(request.query ?? {});
    const init = initOf(request, signal);
    if (request.isPublic === true) return send(url, init);
    const withToken = async (asking: Promise<string>) => {
      const authorization = { Authorization: `Bearer ${await tokenFrom(asking, signal)}` };
      return send(url, { ...init, headers: { ...authorization, ...(init.headers as object) } });
    };
    const first = await withToken(tokens.current());
    if (first.status !== 401 || request.content instanceof ReadableStream) return first;
    await first.body?.cancel();
    return withToken(tokens.renewed());
  }

  return async (request, read, { signal, timeoutMs }) => {
    const deadline = startDeadline(timeoutMs);
    const url = baseUrl + request.path;
    const either = AbortSignal.any([signal, deadline.signal]);
    try {
      const answer = await exchange(request, either);
      if (!answer.ok) throw await refusalOf(answer, url);
      const result = await read(answer);
      noteAnswer(url, answer.status, "");
      return result;
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      // The caller's own abort is theirs to see; our timeout is a lost connection.
      signal.throwIfAborted();
      // As fetch has it where nothing answers; what breaks where JSON should be is most often a page.
      if (cause instanceof TypeError) noteSilence(url);
      if (cause instanceof SyntaxError) noteAnswer(url, 200, "<");
      throw new ApiError(localProblem("CONNECTION_LOST"), { cause });
    } finally {
      deadline.stop();
    }
  };
}
