import type { Mutation } from "./mutation.ts";
import type { Ending, WireRequest } from "./wire-request.ts";
import { fieldValue, withContent, withLines, withValue } from "./wire-request.ts";

function named(
  changes: Readonly<Record<string, (request: WireRequest) => WireRequest>>,
): readonly Mutation[] {
  return Object.entries(changes).map(([name, apply]) => ({ part: "body", name, apply }));
}

/** Content of another length or of other bytes, whose length is said as it is. */
function ofContent(change: (content: Buffer) => Buffer): (request: WireRequest) => WireRequest {
  return (request) => withContent(request, change(request.content));
}

const CONTENTS = named({
  "no content": ofContent(() => Buffer.alloc(0)),
  "one byte": ofContent(() => Buffer.from("x")),
  "a byte less": ofContent((content) => content.subarray(0, -1)),
  "half of it": ofContent((content) => content.subarray(0, content.byteLength >> 1)),
  "a byte more": ofContent((content) => Buffer.concat([content, Buffer.from("x")])),
  "twice its length": ofContent((content) => Buffer.concat([content, content])),
  "64 KiB more": ofContent((content) => Buffer.concat([content, Buffer.alloc(64 * 1024, "y")])),
  "2 MiB more": ofContent((content) => Buffer.concat([content, Buffer.alloc(2 * 1024 * 1024, "z")])),
  "its last byte changed": ofContent((content) =>
    Buffer.concat([content.subarray(0, -1), Buffer.from([(content.at(-1) ?? 0) ^ 1])]),
  ),
  "NUL bytes": ofContent((content) => Buffer.alloc(content.byteLength || 16)),
  "bytes of no text": ofContent((content) => Buffer.alloc(content.byteLength || 16, 0xff)),
  "the head of a program": ofContent(() => Buffer.from("MZ\x90\0\x03\0\0\0PE\0\0", "latin1")),
  "the head of a picture": ofContent(() => Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "latin1")),
  "what looks like a request": ofContent(() => Buffer.from("DELETE / HTTP/1.1\r\nhost: x\r\n\r\n")),
  "a byte order mark": ofContent((content) =>
    Buffer.concat([Buffer.from("\xef\xbb\xbf", "latin1"), content]),
  ),
});

/** The body is said to be of another length than it is; what of it counts is what the length says. */
function saysLength(
  change: (bytes: number) => number,
  ending: Ending,
): (request: WireRequest) => WireRequest {
  return (request) => {
    const bytes = Math.max(0, change(request.content.byteLength));
    const content = request.content.subarray(0, bytes);
    return { ...withValue(request, "content-length", String(bytes)), content, ending };
  };
}

const LENGTHS = named({
  "a byte more than its length": saysLength((bytes) => bytes - 1, "ends"),
  "much more than its length": saysLength((bytes) => bytes >> 2, "ends"),
  "a byte less than its length": saysLength((bytes) => bytes + 1, "ends"),
  "a byte less than its length, then cut": saysLength((bytes) => bytes + 1, "cuts"),
  "something, and its length is 0": saysLength(() => 0, "ends"),
  "half of its length": saysLength((bytes) => 2 * bytes + 2, "ends"),
  "half of its length, then cut": saysLength((bytes) => 2 * bytes + 2, "cuts"),
  "little of 8 GiB": saysLength((bytes) => bytes + 8 * 2 ** 30, "ends"),
  "little of 2^53 bytes": saysLength(() => Number.MAX_SAFE_INTEGER, "ends"),
  "nothing of its length": (request) => ({
    ...withValue(request, "content-length", String(request.content.byteLength || 9)),
    payload: Buffer.alloc(0),
    content: Buffer.alloc(0),
    ending: "ends",
  }),
});

/** For requests that have no content: there is no chunk of nothing. */
const SOMETHING = Buffer.from("abcde");

/** The body in chunks, framed by `frame`. What can be understood of it is `content`, where that isn't all. */
function chunked(
  frame: (content: string) => string,
  { content, ending }: { content?: (whole: Buffer) => Buffer; ending: Ending },
): (request: WireRequest) => WireRequest {
  return (request) => {
    const whole = request.content.byteLength === 0 ? SOMETHING : request.content;
    return {
      ...withLines(request, "content-length", [["transfer-encoding", "chunked"]]),
      payload: Buffer.from(frame(whole.toString("latin1")), "latin1"),
      content: content === undefined ? whole : content(whole),
      ending,
    };
  };
}

function chunk(content: string, extension = ""): string {
  return `${content.length.toString(16)}${extension}\r\n${content}\r\n`;
}

const LAST = "0\r\n\r\n";
const WAITS = { ending: "waits" } as const;
/** Broken framing: of what comes before the break some may count, so all of it may. */
const ENDS = { ending: "ends" } as const;
const NOTHING = { content: () => Buffer.alloc(0), ending: "ends" } as const;

const CHUNKS = named({
  "in one chunk": chunked((text) => chunk(text) + LAST, WAITS),
  "in chunks of one byte": chunked(
    (text) =>
      text
        .split("")
        .map((byte) => chunk(byte))
        .join("") + LAST,
    WAITS,
  ),
  "in two chunks": chunked((text) => chunk(text.slice(0, 3)) + chunk(text.slice(3)) + LAST, WAITS),
  "in a chunk with an extension": chunked((text) => chunk(text, ';a="b;c"') + LAST, ENDS),
  "in a chunk, with trailers": chunked((text) => `${chunk(text)}0\r\nupload-offset: 0\r\n\r\n`, ENDS),
  "in no chunk": chunked(() => LAST, { content: () => Buffer.alloc(0), ending: "waits" }),
  "in a chunk, without the last": chunked((text) => chunk(text), ENDS),
  "in a chunk, without the last, then cut": chunked((text) => chunk(text), { ending: "cuts" }),
  "in a chunk that ends early": chunked((text) => chunk(text).slice(0, -4), ENDS),
  "in a chunk that ends early, then cut": chunked((text) => chunk(text).slice(0, -4), { ending: "cuts" }),
  "in a chunk longer than it says": chunked((text) => `1\r\n${text}\r\n${LAST}`, ENDS),
  "in a chunk with no line end": chunked((text) => `${text.length.toString(16)}\r\n${text}${LAST}`, ENDS),
  "in a chunk of a size that is none": chunked((text) => `zz\r\n${text}\r\n${LAST}`, NOTHING),
  "in a chunk of a negative size": chunked((text) => `-5\r\n${text}\r\n${LAST}`, NOTHING),
  "in a chunk of no size": chunked((text) => `\r\n${text}\r\n${LAST}`, NOTHING),
  "in a chunk of an enormous size": chunked((text) => `ffffffffffffffff\r\n${text}\r\n${LAST}`, {
    content: (whole) => Buffer.concat([whole, Buffer.from(`\r\n${LAST}`)]),
    ending: "ends",
  }),
  "in a chunk of a size of 5,000 digits": chunked(
    (text) => `${"0".repeat(5_000)}5\r\n${text}\r\n${LAST}`,
    ENDS,
  ),
  "in a chunk of a prefixed size": chunked((text) => `0x5\r\n${text}\r\n${LAST}`, NOTHING),
  "in a chunk with bare line feeds": chunked((text) => `${text.length.toString(16)}\n${text}\n0\n\n`, ENDS),
  "in chunks, and junk behind them": chunked((text) => `${chunk(text) + LAST}junk\r\n\r\n`, ENDS),
  "said to be in chunks": chunked((text) => text, NOTHING),
  "in chunks and with a length": (request) => {
    const framed = chunked((text) => chunk(text) + LAST, ENDS)(request);
    return { ...framed, fields: [...framed.fields, ["content-length", String(request.content.byteLength)]] };
  },
});

/** Of a request whose content means something by itself. */
function documents(texts: readonly string[]): readonly Mutation[] {
  return texts.map((text) => ({
    part: "body",
    name: `the document ${text.slice(0, 40)}`,
    apply: ofContent(() => Buffer.from(text)),
  }));
}

const JSON_DOCUMENTS = documents([
  ...["{", "{}", "[]", "null", "1", '"x"', "true", "{}{}", "NaN", "{'a':1}", "\\", `${"[".repeat(100_000)}`],
  ...['{"items":null}', '{"items":[]}', '{"items":[null]}', '{"items":{}}', '{"items":[{"fileId":1}]}'],
  ...[
    '{"items":[{"fileId":"00000000000000000000000000"}]}',
    '{"__proto__":{"items":[]}}',
    '{"maxBytes":1e999}',
  ],
  ...[
    '{"maxBytes":-1}',
    '{"types":["*/*"]}',
    '{"userId":"a b"}',
    '{"expiresInSeconds":"900"}',
    '{"kind":"start"}',
  ],
  ...['{"entityId":"\\ud800"}', '{"entityId":"\\u0000"}', '{"userId":"\\ud800"}'],
]);

const PART = 'content-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain';

function form(...parts: readonly string[]): string {
  return `${parts.map((part) => `--b\r\n${part}\r\n`).join("")}--b--\r\n`;
}

const FORM_DOCUMENTS = documents([
  ...["--b--\r\n", "--b\r\n", "--b\r\n\r\n", "--c\r\n\r\n--c--", "\r\n--b--", form(""), form("\r\n\r\nx")],
  ...[
    form(`${PART}\r\n\r\nx`, `${PART}\r\n\r\ny`),
    form(`${PART}\r\n`),
    form("content-disposition: x\r\n\r\ny"),
  ],
  ...[
    form("content-disposition: form-data\r\n\r\nx"),
    form('content-disposition: form-data; name="x"\r\n\r\ny'),
  ],
  ...[form('content-disposition: form-data; name="file"; filename=""\r\n\r\nx')],
  ...[form('content-disposition: form-data; name="file"; filename="a\\"b.txt"\r\n\r\nx')],
  ...[form("content-disposition: form-data; name=\"file\"; filename*=UTF-8''%zz\r\n\r\nx")],
  ...[form('content-disposition: form-data; name="tags"\r\n\r\na', `${PART}\r\n\r\nx`)],
  ...[form(`${PART}\r\n\r\nx`, 'content-disposition: form-data; name="tags"\r\n\r\na')],
  ...[form(...Array.from({ length: 20 }, () => 'content-disposition: form-data; name="tags"\r\n\r\na'))],
  ...[form(`content-disposition: form-data; name="tags"\r\n\r\n${"a".repeat(9_000)}`)],
  ...[form(`x: ${"y".repeat(200_000)}\r\n\r\nx`), form('content-disposition: form-data; name="é"\r\n\r\nx')],
  ...[form(`${PART}\r\ncontent-transfer-encoding: base64\r\n\r\neA==`), form(`: x\r\n${PART}\r\n\r\nx`)],
]);

/** Every change to a request's body, of content that is whole or isn't. */
export function bodyMutations(request: WireRequest): readonly Mutation[] {
  const type = fieldValue(request, "content-type") ?? "";
  return [
    ...[...CONTENTS, ...LENGTHS, ...CHUNKS],
    ...(type === "application/json" ? JSON_DOCUMENTS : []),
    ...(type.startsWith("multipart/") ? FORM_DOCUMENTS : []),
  ];
}
