import { createHash } from "node:crypto";
import type { Exchange } from "./exchange.ts";

/** What is another at each walk, made the same: so what is written down changes only where the API does. */

const TIME = "2026-11-27T09:30:00.000Z";
const TIMES = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
/** A ULID in lower case, as files, links and requests have. */
const IDS = /(?<![a-z0-9])[0-9a-z]{26}(?![a-z0-9])/g;
const TOKENS = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;
const SIGNED = [
  [/\bexp=\d+/g, "exp=1795779000"],
  [/\bby=[\w-]+/g, "by=c2Rmb2l1eWhnYnZjZHNl"],
  [/\bsig=[\w-]+/g, "sig=Yz5lQ0p1V2h3bXk0c2Rm"],
  [/(?<=\/s\/[\w.]+\.)[\w-]{40,}/g, "bXkwc2Rmb2l1eWhnYnZj"],
] as const;

/** Of an audit event: its number, which depends on what else is done meanwhile. */
const EVENT_IDS = /(?<![a-z0-9])e[0-9]{15}(?![a-z0-9])/g;

/** Values that tell of the machine, or of the moment. */
const FIXED: Readonly<Record<string, unknown>> = {
  engine: "ClamAV 1.4.3",
  signatureVersion: "27841",
  requestId: "0b7f3c1d9e2a4f68",
  cursor: "WyIyMDI2LTExLTI3Il0",
  nextCursor: "WyIyMDI2LTExLTI3Il0",
  ip: "192.0.2.7",
};

/** What is drawn depends on the machine's fonts. */
const DERIVATIVE_BYTES = 3120;

export class Redactor {
  readonly #origin: string;
  readonly #tenantId: string;
  readonly #ids = new Map<string, string>();

  /** @param origin where the stack was asked */
  constructor(origin: string, tenantId: string) {
    this.#origin = origin;
    this.#tenantId = tenantId;
  }

  redact(exchange: Exchange): Exchange {
    const { target, headers, body, answerHeaders, answer } = exchange;
    return {
      ...exchange,
      target: this.#text(target),
      headers: this.#texts(headers),
      body: body === undefined ? undefined : this.#text(body),
      answerHeaders: this.#texts(answerHeaders),
      answer: this.#value(answer),
    };
  }

  #texts(texts: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, this.#text(text)]));
  }

  #value(value: unknown, key = ""): unknown {
    if (value !== null && FIXED[key] !== undefined) return FIXED[key];
    if (typeof value === "string") return this.#text(value);
    if (Array.isArray(value)) return value.map((item: unknown) => this.#value(item));
    if (typeof value !== "object" || value === null) return value;
    if ("width" in value && "sizeBytes" in value) return { ...value, sizeBytes: DERIVATIVE_BYTES };
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.#value(inner, name)]));
  }

  #text(text: string): string {
    const plain = text
      .replaceAll(this.#origin, "https://files.crm.example")
      .replaceAll(this.#tenantId, "acme")
      .replace(TIMES, TIME)
      .replace(TOKENS, "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl")
      .replace(EVENT_IDS, "e000000000000023")
      .replace(IDS, (id) => this.#idFor(id));
    return SIGNED.reduce((result, [what, instead]) => result.replace(what, instead), plain);
  }

  /** The same for the same one, in the order in which they come. */
  #idFor(id: string): string {
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    const digest = createHash("sha256").update(`${this.#ids.size}`).digest("hex");
    const made = `01kb${digest.slice(0, 22)}`;
    this.#ids.set(id, made);
    return made;
  }
}
