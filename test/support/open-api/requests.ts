import fc from "fast-check";
import type { ApiDocument, Operation, Parameter, Schema } from "./document.ts";
import type { Hints } from "./values.ts";
import { ODD_TEXTS, Values } from "./values.ts";

/** A request to one operation, as far as it doesn't depend on who sends it. */
export interface PlannedRequest {
  readonly operation: Operation;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: PlannedBody;
}

export type PlannedBody =
  | { readonly kind: "none" }
  | { readonly kind: "text"; readonly contentType: string; readonly text: string }
  | { readonly kind: "form"; readonly fields: Readonly<Record<string, string>>; readonly file: string };

const NO_BODY: PlannedBody = { kind: "none" };

function asText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** A dot or nothing in the place of a segment would make another path of it. */
function asSegment(value: unknown): string {
  const text = asText(value).toWellFormed();
  return /^\.{0,2}$/.test(text) ? "x" : encodeURIComponent(text);
}

/** Header values are visible ASCII for whoever sends them by fetch. */
function asHeader(value: unknown): string {
  return asText(value)
    .replace(/[^\x20-\x7e]/g, "")
    .trim();
}

/** Plans requests to every operation of a document: mostly right ones, with something odd in them now and then. */
export class RequestPlans {
  readonly #document: ApiDocument;
  readonly #values: Values;
  readonly #oddPercent: number;

  /** @param oddPercent how many values of a hundred are others than asked for; none for requests that are right */
  constructor(document: ApiDocument, hints: Hints, oddPercent: number) {
    this.#document = document;
    this.#oddPercent = oddPercent;
    this.#values = new Values(document, hints, oddPercent);
  }

  any(): fc.Arbitrary<PlannedRequest> {
    return fc.constantFrom(...this.#document.operations).chain((operation) => this.to(operation));
  }

  to(operation: Operation): fc.Arbitrary<PlannedRequest> {
    return fc
      .record({
        path: this.#parameters(operation, "path"),
        query: this.#parameters(operation, "query"),
        headers: this.#parameters(operation, "header"),
        body: this.#body(operation),
      })
      .map(({ path, query, headers, body }) => ({
        operation,
        target: targetOf(operation.path, path, query),
        headers: Object.fromEntries(
          Object.entries(headers)
            .map(([name, value]) => [name, asHeader(value)] as const)
            .filter(([, value]) => value !== ""),
        ),
        body,
      }));
  }

  #parameters(operation: Operation, place: Parameter["in"]): fc.Arbitrary<Readonly<Record<string, unknown>>> {
    const wanted = operation.parameters.filter((parameter) => parameter.in === place);
    const model = Object.fromEntries(
      wanted.map(({ name, schema }) => [name, this.#values.of(schema ?? { type: "string" }, name)]),
    );
    const requiredKeys = wanted.filter(({ required }) => required).map(({ name }) => name);
    return fc.record(model, { requiredKeys });
  }

  #body({ requestBody }: Operation): fc.Arbitrary<PlannedBody> {
    if (requestBody === undefined) return fc.constant(NO_BODY);
    const bodies = Object.entries(requestBody.content).map(([type, { schema }]) =>
      this.#bodyOf(type, schema ?? true),
    );
    if (this.#oddPercent === 0) return fc.oneof(...bodies);
    const odd = fc.constantFrom<PlannedBody>(
      NO_BODY,
      { kind: "text", contentType: "application/json", text: "{" },
      { kind: "text", contentType: "application/json", text: "null" },
      { kind: "text", contentType: "text/plain", text: "{}" },
      ...ODD_TEXTS.slice(0, 6).map(
        (text) => ({ kind: "text", contentType: "application/json", text }) as const,
      ),
    );
    return fc.oneof({ weight: 92, arbitrary: fc.oneof(...bodies) }, { weight: 8, arbitrary: odd });
  }

  #bodyOf(contentType: string, schema: Schema): fc.Arbitrary<PlannedBody> {
    if (contentType === "application/json") {
      return this.#values
        .of(schema)
        .map((value) => ({ kind: "text", contentType, text: JSON.stringify(value) ?? "null" }) as const);
    }
    if (contentType === "multipart/form-data" || contentType === "application/x-www-form-urlencoded") {
      return this.#values.of(schema).map((value) => formOf(value, contentType));
    }
    const text = fc.string({ maxLength: 100 });
    return text.map((content) => ({ kind: "text", contentType: "text/plain", text: content }) as const);
  }
}

function formOf(value: unknown, contentType: string): PlannedBody {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const fields = Object.fromEntries(
    entries.filter(([name]) => name !== "file").map(([name, each]) => [name, asText(each).toWellFormed()]),
  );
  if (contentType === "multipart/form-data") return { kind: "form", fields, file: "content of a form" };
  return { kind: "text", contentType, text: new URLSearchParams(fields).toString() };
}

function targetOf(
  path: string,
  segments: Readonly<Record<string, unknown>>,
  query: Readonly<Record<string, unknown>>,
): string {
  const filled = path.replace(/\{(\w+)\}/g, (_whole, name: string) => asSegment(segments[name]));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value])
      search.append(name, asText(each).toWellFormed());
  }
  return search.size === 0 ? filled : `${filled}?${search.toString()}`;
}

/** What `fetch` takes of a planned body. */
export function initOf({ operation, headers, body }: PlannedRequest): RequestInit {
  const method = operation.method.toUpperCase();
  const base = { method, headers: { ...headers }, redirect: "manual" } as const;
  if (body.kind === "none" || method === "GET" || method === "HEAD") return base;
  if (body.kind === "text") {
    return { ...base, headers: { ...headers, "content-type": body.contentType }, body: body.text };
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(body.fields)) form.append(name, value);
  form.append("file", new Blob([body.file], { type: "text/plain" }), "form.txt");
  return { ...base, body: form };
}
