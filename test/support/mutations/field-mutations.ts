import type { ValueChange } from "./field-values.ts";
import { utf8, VALUE_CHANGES } from "./field-values.ts";
import type { Mutation } from "./mutation.ts";
import type { Field, WireRequest } from "./wire-request.ts";
import { fieldValue, withLines, withValue } from "./wire-request.ts";

/** Fields that say where a request ends: changed, it may want more than comes, or less. */
const FRAMING: ReadonlySet<string> = new Set(["content-length", "transfer-encoding", "connection", "expect"]);

function reframed(request: WireRequest, name: string): WireRequest {
  return FRAMING.has(name) ? { ...request, content: framedContent(request), ending: "ends" } : request;
}

/** As much of the payload as the head now says that there is; the rest is another request, and none that is understood. */
function framedContent(request: WireRequest): Buffer {
  const length = fieldValue(request, "content-length");
  const isFramed = length !== undefined && fieldValue(request, "transfer-encoding") === undefined;
  if (!isFramed) return Buffer.alloc(0);
  return /^\d+$/.test(length) ? request.payload.subarray(0, Number(length)) : request.payload;
}

function ofValue(part: string, { name, change }: ValueChange): Mutation {
  return {
    part,
    name,
    apply: (request) => reframed(withValue(request, part, change(fieldValue(request, part) ?? "")), part),
  };
}

function ofLines(part: string, name: string, lines: (value: string) => readonly Field[]): Mutation {
  return {
    part,
    name,
    apply: (request) => reframed(withLines(request, part, lines(fieldValue(request, part) ?? "")), part),
  };
}

function structural(part: string): readonly Mutation[] {
  const same = (value: string): Field => [part, value];
  return [
    ofLines(part, "removed", () => []),
    ofLines(part, "on two lines", (value) => [same(value), same(value)]),
    ofLines(part, "on three lines", (value) => [same(value), same(value), same(value)]),
    ofLines(part, "on two lines, another value first", (value) => [same("x"), same(value)]),
    ofLines(part, "on two lines, another value last", (value) => [same(value), same("0")]),
    ofLines(part, "on two lines, an empty one first", (value) => [same(""), same(value)]),
    ofLines(part, "its name in upper case", (value) => [[part.toUpperCase(), value]]),
    ofLines(part, "its name with underscores", (value) => [[part.replaceAll("-", "_"), value]]),
    ofLines(part, "its name with a space behind it", (value) => [[`${part} `, value]]),
    ofLines(part, "its name with X- before it", (value) => [[`x-${part}`, value]]),
  ];
}

/** Every change to one of a request's fields. */
export function fieldMutations(part: string): readonly Mutation[] {
  return [...structural(part), ...VALUE_CHANGES.map((change) => ofValue(part, change))];
}

/** What only the worker may tell an upload's object: a caller's own must count for nothing. */
const FORGED_CONTEXT = encodeURIComponent(
  JSON.stringify({ identity: { tenantId: "x", userId: "x", role: "admin" }, fileId: "0".repeat(26) }),
);

const MORE: readonly Field[] = [
  ...[
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "TRACK",
    "patch",
    "",
  ].map((method): Field => ["x-http-method-override", method]),
  ["x-http-method-override", "PATCH, DELETE"],
  ["x-http-method-override", "A B"],
  ["x-http-method-override", utf8("é")],
  ["x-causeway-upload", FORGED_CONTEXT],
  ["x-causeway-upload", "%zz"],
  ["tus-resumable", "1.0.0"],
  ["tus-resumable", "0.2.2"],
  ["upload-offset", "0"],
  ["upload-offset", "-1"],
  ["upload-length", "1"],
  ["upload-length", "1e99"],
  ["upload-defer-length", "1"],
  ["upload-concat", "partial"],
  ["upload-concat", "final;"],
  ["upload-complete", "?0"],
  ["upload-complete", "?1"],
  ["upload-checksum", "sha1 AAAA"],
  ["upload-metadata", "filename eC50eHQ="],
  ["upload-limit", "max-size=1"],
  ["upload-draft-interop-version", "99"],
  ["upload-draft-interop-version", utf8("é")],
  ["content-digest", "sha-256=:AAAA:"],
  ["repr-digest", `sha-256=:${"A".repeat(43)}=:`],
  ["want-repr-digest", "sha-512=10"],
  ["content-encoding", "gzip"],
  ["content-encoding", "br"],
  ["content-encoding", utf8("é")],
  ["content-type", "text/plain"],
  ["content-type", utf8("é/é")],
  ["content-disposition", 'attachment; filename="a.txt"'],
  ["content-range", "bytes 0-4/5"],
  ["content-location", "/"],
  ["range", "bytes=0-0"],
  ["if-match", '"x"'],
  ["if-none-match", "*"],
  ["if-modified-since", "Thu, 01 Jan 2099 00:00:00 GMT"],
  ["if-unmodified-since", "Thu, 01 Jan 1970 00:00:00 GMT"],
  ["if-range", utf8("é")],
  ["accept", "text/html"],
  ["accept-encoding", "gzip;q=x"],
  ["origin", "null"],
  ["origin", utf8("http://é")],
  ["access-control-request-method", "DELETE"],
  ["access-control-request-headers", "a, b\x7f"],
  ["cookie", "a=b"],
  ["host", "elsewhere.invalid"],
  ["x-forwarded-host", "elsewhere.invalid"],
  ["x-forwarded-proto", "javascript"],
  ["forwarded", "host=elsewhere.invalid"],
  ["x-request-id", "a b"],
  ["x-request-id", "x".repeat(65)],
  ["x-request-id", utf8("é")],
  ["x-original-url", "/health"],
  ["connection", "close"],
  ["connection", "authorization"],
  ["connection", "upgrade"],
  ["upgrade", "websocket"],
  ["te", "trailers"],
  ["trailer", "upload-checksum"],
  ["expect", "100-continue"],
  ["expect", "something-else"],
  ["transfer-encoding", "chunked"],
  ["transfer-encoding", "gzip"],
  ["transfer-encoding", "identity"],
  ["content-length", "0"],
  ["content-length", "7"],
  ["keep-alive", "timeout=0"],
  ["x", ""],
  ["x", "\xff".repeat(1_000)],
];

/** One more field than the request has. */
export const MORE_FIELDS: readonly Mutation[] = [
  ...MORE.map(([name, value]) => ({
    part: "more",
    name: `${name}: ${value.slice(0, 40)}`,
    apply: (request: WireRequest): WireRequest =>
      reframed({ ...request, fields: [...request.fields, [name, value]] }, name),
  })),
  {
    part: "more",
    name: "five hundred fields",
    apply: (request) => {
      const added = Array.from({ length: 500 }, (_, index): Field => [`x-${index}`, "1"]);
      return { ...request, fields: [...request.fields, ...added] };
    },
  },
];
