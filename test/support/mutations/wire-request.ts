/** One header line. A character of its value is one byte (Latin-1). */
export type Field = readonly [name: string, value: string];

/**
 * What the client does when it has sent what it sends: `waits` for the answer with the connection open; `ends` its side,
 * where the request as written may want more than comes; `cuts` the connection as a lost network does.
 */
export type Ending = "waits" | "ends" | "cuts";

/** A request as it is written on the wire: what `fetch` refuses to send, or sets right, can be said here. */
export interface WireRequest {
  readonly method: string;
  /** Path and query, as they are written. */
  readonly target: string;
  readonly fields: readonly Field[];
  /** What follows the head. */
  readonly payload: Buffer;
  /** The content that the payload stands for, as far as its framing can be understood. */
  readonly content: Buffer;
  readonly ending: Ending;
}

const NOTHING = Buffer.alloc(0);

/** A request that is whole, with the length of its content where it has any. */
export function wireRequest(
  method: string,
  target: string,
  fields: Readonly<Record<string, string>>,
  content: Buffer = NOTHING,
): WireRequest {
  const bare = { method, target, fields: Object.entries(fields), ending: "waits" } as const;
  return withContent({ ...bare, payload: NOTHING, content: NOTHING }, content);
}

export function encode({ method, target, fields, payload }: WireRequest): Buffer {
  const lines = fields.map(([name, value]) => `${name}: ${value}`);
  const head = [`${method} ${target} HTTP/1.1`, ...lines, "", ""].join("\r\n");
  return Buffer.concat([Buffer.from(head, "latin1"), payload]);
}

function isNamed([name]: Field, wanted: string): boolean {
  return name.toLowerCase() === wanted;
}

/** What HTTP lets stand around a value without being part of it. */
const OUTER_SPACE = /^[ \t]+|[ \t]+$/g;

/** A field's value as its receiver reads it: lines of one name are a list. Undefined where there is none. */
export function fieldValue({ fields }: WireRequest, name: string): string | undefined {
  const values = fields
    .filter((field) => isNamed(field, name))
    .map(([, value]) => value.replace(OUTER_SPACE, ""));
  // RFC 9110, 5.6.1: empty members of a list count for nothing.
  return values.length === 0 ? undefined : values.filter((value) => value !== "").join(", ");
}

/** The request with other lines in the place of those of one name; at the end where it had none. */
export function withLines(request: WireRequest, name: string, lines: readonly Field[]): WireRequest {
  const at = request.fields.findIndex((field) => isNamed(field, name));
  const others = request.fields.filter((field) => !isNamed(field, name));
  const place = at === -1 ? others.length : at;
  return { ...request, fields: others.toSpliced(place, 0, ...lines) };
}

export function withValue(request: WireRequest, name: string, value: string): WireRequest {
  return withLines(request, name, [[name, value]]);
}

/** The request with other content, whose length it says; without any, it says nothing of it. */
export function withContent(request: WireRequest, content: Buffer): WireRequest {
  const lines: Field[] = content.byteLength === 0 ? [] : [["content-length", String(content.byteLength)]];
  return { ...withLines(request, "content-length", lines), content, payload: content };
}

/** What the product takes for the method: tus 1.0 lets a header say it, except of what a browser asks beforehand. */
export function effectiveMethod(request: WireRequest): string {
  if (request.method === "OPTIONS") return request.method;
  return fieldValue(request, "x-http-method-override")?.toUpperCase() ?? request.method;
}
