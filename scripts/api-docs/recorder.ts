import { setTimeout as wait } from "node:timers/promises";
import type { CallerName, Exchange } from "./exchange.ts";

/** What the walk is made through: a stack, and whose tokens it takes. */
export interface Access {
  readonly url: string;
  readonly tokens: Readonly<Record<CallerName, string>>;
}

export interface Asking {
  readonly caller?: CallerName;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, all else as JSON. */
  readonly body?: unknown;
  /** Of the answer. Another ends the walk. */
  readonly expected: number;
}

const DEADLINE_MS = 60_000;
const ASKED_EVERY_MS = 50;
const SHOWN_HEADERS = ["location", "upload-offset", "upload-complete", "retry-after", "etag"];

/** Asks, and keeps what was asked and answered. */
export class Recorder {
  readonly exchanges: Exchange[] = [];
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Throws where the answer isn't the expected one. */
  async ask(method: string, target: string, asking: Asking): Promise<Exchange> {
    const exchange = await this.#send(method, target, asking);
    this.exchanges.push(exchange);
    return exchange;
  }

  /** Asks until `accept` takes the answer, and keeps that one. Throws after a minute. */
  async askUntil(
    target: string,
    caller: CallerName,
    accept: (answer: unknown) => boolean,
  ): Promise<Exchange> {
    for (const end = Date.now() + DEADLINE_MS; ;) {
      const exchange = await this.#send("GET", target, { caller, expected: 200 });
      if (accept(exchange.answer)) {
        this.exchanges.push(exchange);
        return exchange;
      }
      if (Date.now() > end) throw new Error(`${target} doesn't come to what is waited for.`);
      await wait(ASKED_EVERY_MS);
    }
  }

  async #send(method: string, target: string, asking: Asking): Promise<Exchange> {
    const { caller, expected } = asking;
    const isText = asking.body === undefined || typeof asking.body === "string";
    const body = isText ? asking.body : JSON.stringify(asking.body);
    const headers = { ...(isText ? {} : { "Content-Type": "application/json" }), ...asking.headers };
    const authorization = caller && { Authorization: `Bearer ${this.#access.tokens[caller]}` };
    const response = await fetch(new URL(target, this.#access.url), {
      ...{ method, redirect: "manual", headers: { ...authorization, ...headers } },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await response.text();
    if (response.status !== expected)
      throw new Error(`${method} ${target} answered ${response.status}: ${text}`);
    const shown = SHOWN_HEADERS.flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    });
    return {
      ...{ method, target, headers, body, caller, status: response.status },
      answerHeaders: Object.fromEntries(shown),
      answer: answerOf(response, text),
    };
  }
}

function answerOf(response: Response, text: string): unknown {
  if (text === "") return undefined;
  const type = response.headers.get("content-type") ?? "";
  if (/[/+]json/.test(type)) return JSON.parse(text) as unknown;
  return type.startsWith("text/html") ? undefined : text;
}
