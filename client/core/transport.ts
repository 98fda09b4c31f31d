import { noteAnswer, noteSilence } from "./endpoint-warning.ts";
import { type Answer, type HttpRequest, sendRequest } from "./request.ts";
import type { TokenSource } from "./tokens.ts";
import { startDeadline, unlessAborted } from "./wait.ts";

/** Nothing answered: the network, a stalled request, or an abort. */
export class ConnectionLost extends Error {}
/** `getToken` failed. */
export class TokenUnavailable extends Error {}
/** The file changed or went away since it was chosen. */
export class FileUnreadable extends Error {}

export interface TransportOptions {
  readonly tokens: TokenSource;
  readonly stallTimeoutMs: number;
  /** Aborts whatever is under way and lets nothing start. */
  readonly signal: AbortSignal;
  /** A request that has left isn't aborted: what it came to has to be known. */
  readonly outlasts?: boolean;
}

/**
 * Sends with a token, which is renewed once after a 401.
 * @throws ConnectionLost, TokenUnavailable, FileUnreadable; any other answer than a 401 is an answer
 */
export type Send = (request: HttpRequest, onSent?: (bytes: number) => void) => Promise<Answer>;

export function createSend(options: TransportOptions): Send {
  return async (request, onSent = () => {}) => {
    const first = await exchange(request, onSent, () => options.tokens.current(), options);
    // Sending the same bytes again is safe: a request refused with 401 has stored nothing.
    const isRefused = first.status === 401;
    const renewed = () => options.tokens.renewed();
    const answer = isRefused ? await exchange(request, onSent, renewed, options) : first;
    // An answer to HEAD has no body to tell whose it is.
    if (request.method !== "HEAD") noteAnswer(request.url, answer.status, answer.body);
    return answer;
  };
}

async function exchange(
  request: HttpRequest,
  onSent: (bytes: number) => void,
  token: () => Promise<string>,
  options: TransportOptions,
): Promise<Answer> {
  const Authorization = `Bearer ${await takeToken(token, options.signal)}`;
  const { body, headers } = request;
  try {
    return await watched({ ...request, headers: { ...headers, Authorization } }, onSent, options);
  } catch (cause) {
    if (body !== undefined && !(await isReadable(body))) throw new FileUnreadable("", { cause });
    if (!options.signal.aborted) noteSilence(request.url);
    throw new ConnectionLost("no answer", { cause });
  }
}

/** Sends; rejects when aborted, or when no byte moved for the stall timeout. */
async function watched(
  request: HttpRequest,
  onSent: (bytes: number) => void,
  { signal: outer, stallTimeoutMs, outlasts = false }: TransportOptions,
): Promise<Answer> {
  outer.throwIfAborted();
  const stall = startDeadline(stallTimeoutMs);
  const signal = outlasts ? stall.signal : AbortSignal.any([outer, stall.signal]);
  const onMoved = (bytes: number) => {
    stall.restart();
    if (!signal.aborted) onSent(bytes);
  };
  try {
    return await sendRequest(request, { signal, onSent: onMoved });
  } finally {
    stall.stop();
  }
}

async function takeToken(token: () => Promise<string>, signal: AbortSignal): Promise<string> {
  try {
    return await unlessAborted(token(), signal);
  } catch (cause) {
    throw new TokenUnavailable("getToken failed", { cause });
  }
}

function isReadable(body: Blob): Promise<boolean> {
  const first = body.slice(0, 1).arrayBuffer();
  return first.then(
    () => true,
    () => false,
  );
}
