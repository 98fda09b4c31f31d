import { DefaultHttpStack, type HttpRequest, type HttpResponse, type HttpStack } from "tus-js-client";
import type { TokenSource } from "./tokens.ts";

/** Nothing answered: the network, a stalled request, or an abort. */
export class ConnectionLost extends Error {}
/** `getToken` failed. */
export class TokenUnavailable extends Error {}
/** The file changed or went away since it was chosen. */
export class FileUnreadable extends Error {}
/** An answer that tus-js-client must not see, because it would throw the resume point away. */
export class AnswerWithheld extends Error {
  readonly answer: HttpResponse;
  constructor(answer: HttpResponse) {
    super(`HEAD answered ${answer.getStatus()}`);
    this.answer = answer;
  }
}

export interface TransportOptions {
  readonly tokens: TokenSource;
  readonly stallTimeoutMs: number;
  /** Aborts whatever is under way and lets nothing start. */
  readonly signal: AbortSignal;
  readonly onAnswer?: (answer: HttpResponse) => void;
}

/**
 * The requests of one attempt: tus-js-client's own, with what it lacks. A token before each; a 401 answered once by a
 * new one; an end to requests that move no byte; an abort that also works between requests.
 */
export function createTransport(options: TransportOptions): HttpStack {
  return {
    createRequest: (method, url) => new AuthorizedRequest(method, url, options),
    getName: () => "causeway",
  };
}

class AuthorizedRequest implements HttpRequest {
  readonly #method: string;
  readonly #url: string;
  readonly #options: TransportOptions;
  readonly #headers = new Map<string, string>();
  readonly #own = new AbortController();
  #onProgress: (bytesSent: number) => void = () => {};
  #inner: HttpRequest | undefined;

  constructor(method: string, url: string, options: TransportOptions) {
    this.#method = method;
    this.#url = url;
    this.#options = options;
  }

  getMethod(): string {
    return this.#method;
  }

  getURL(): string {
    return this.#url;
  }

  setHeader(header: string, value: string): void {
    this.#headers.set(header, value);
  }

  getHeader(header: string): string | undefined {
    return this.#headers.get(header);
  }

  setProgressHandler(handler: (bytesSent: number) => void): void {
    this.#onProgress = handler;
  }

  getUnderlyingObject(): unknown {
    return this.#inner?.getUnderlyingObject();
  }

  async abort(): Promise<void> {
    this.#own.abort();
  }

  async send(body: Blob | null): Promise<HttpResponse> {
    const { tokens, onAnswer } = this.#options;
    const first = await this.#exchange(body, () => tokens.current());
    // Sending the same bytes again is safe: a request refused with 401 has stored nothing.
    const answer = first.getStatus() === 401 ? await this.#exchange(body, () => tokens.renewed()) : first;
    onAnswer?.(answer);
    if (this.#method === "HEAD" && !endsResumePoint(answer.getStatus())) throw new AnswerWithheld(answer);
    return answer;
  }

  async #exchange(body: Blob | null, token: () => Promise<string>): Promise<HttpResponse> {
    const authorization = `Bearer ${await takeToken(token)}`;
    const content = await toSendable(body);
    const inner = new DefaultHttpStack({}).createRequest(this.#method, this.#url);
    this.#inner = inner;
    for (const [name, value] of this.#headers) inner.setHeader(name, value);
    inner.setHeader("Authorization", authorization);
    if (content instanceof Uint8Array) inner.setHeader("Content-Length", String(content.byteLength));
    try {
      return await this.#watched(inner, content);
    } catch (cause) {
      if (body !== null && !(await isReadable(body))) throw new FileUnreadable("", { cause });
      throw new ConnectionLost(`${this.#method} got no answer`, { cause });
    }
  }

  /** Sends; rejects when aborted, or when no byte moved for the stall timeout. */
  async #watched(inner: HttpRequest, content: Blob | Uint8Array | null): Promise<HttpResponse> {
    const signal = AbortSignal.any([this.#options.signal, this.#own.signal]);
    signal.throwIfAborted();
    const ended = Promise.withResolvers<never>();
    const end = (reason: unknown) => ended.reject(reason);
    const onAbort = () => end(signal.reason);
    const stall = stopwatch(this.#options.stallTimeoutMs, () => end(new Error("stalled")));
    signal.addEventListener("abort", onAbort);
    inner.setProgressHandler((bytesSent) => {
      stall.restart();
      if (!signal.aborted) this.#onProgress(bytesSent);
    });
    try {
      return await Promise.race([inner.send(content), ended.promise]);
    } catch (error) {
      await inner.abort();
      throw error;
    } finally {
      stall.stop();
      signal.removeEventListener("abort", onAbort);
    }
  }
}

/**
 * Whether tus-js-client may see this answer to a HEAD. It takes every answer but a 2xx or 423 as "the upload is gone",
 * forgets the resume point and creates another upload; only 404 and 410 mean that.
 */
function endsResumePoint(status: number): boolean {
  return (status >= 200 && status < 300) || status === 404 || status === 410;
}

async function takeToken(token: () => Promise<string>): Promise<string> {
  try {
    return await token();
  } catch (cause) {
    throw new TokenUnavailable("getToken failed", { cause });
  }
}

/** XMLHttpRequest streams a Blob from disk; Node's stack takes bytes only. At most one chunk is in memory. */
async function toSendable(body: Blob | null): Promise<Blob | Uint8Array | null> {
  if (body === null || "XMLHttpRequest" in globalThis) return body;
  return new Uint8Array(await body.arrayBuffer());
}

async function isReadable(body: Blob): Promise<boolean> {
  try {
    await body.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function stopwatch(timeoutMs: number, onTimeout: () => void): { restart(): void; stop(): void } {
  let timer = setTimeout(onTimeout, timeoutMs);
  return {
    restart() {
      clearTimeout(timer);
      timer = setTimeout(onTimeout, timeoutMs);
    },
    stop: () => clearTimeout(timer),
  };
}
