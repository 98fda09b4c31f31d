import { afterEach, expect, test, vi } from "vitest";
import type { FormEvent } from "../../../worker/uploads/plain/form-reader.ts";
import { FormReader, isForm } from "../../../worker/uploads/plain/form-reader.ts";
import { CLIENT_SILENCE_MS } from "../../../worker/uploads/writing/times.ts";

afterEach(() => {
  vi.useRealTimers();
});

const BOUNDARY = "----curl-like--9f3";
const encoder = new TextEncoder();

/** A form that is read; tests change one thing of it. */
const FORM = [
  `--${BOUNDARY}`,
  'Content-Disposition: form-data; name="tags"',
  "",
  "a,b",
  `--${BOUNDARY}`,
  'Content-Disposition: form-data; name="file"; filename="notes.txt"',
  "Content-Type: text/plain",
  "",
  `--dashes--\r\n--and half a boundary\r\n--${BOUNDARY.slice(0, -1)}`,
  `--${BOUNDARY}--`,
  "",
].join("\r\n");

/** A request whose body comes in just these pieces. */
function requestOf(pieces: readonly Uint8Array[], contentType: string, fails = false): Request {
  const left = pieces.filter((piece) => piece.byteLength > 0);
  const body = new ReadableStream({
    type: "bytes",
    pull(controller) {
      // One at a time: what is queued together is read together.
      const piece = left.shift();
      if (piece !== undefined) return controller.enqueue(piece.slice());
      if (fails) return controller.error(new Error("gone"));
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
  const init = { method: "POST", body, duplex: "half", headers: { "content-type": contentType } };
  return new Request("http://test.invalid/", init);
}

interface Outcome {
  readonly seen: readonly (readonly string[])[];
  readonly last: FormEvent;
}

/** Everything that a form has in it; the bytes of a file are joined. */
async function readAll(form: FormReader): Promise<Outcome> {
  const seen: string[][] = [];
  for (;;) {
    const event = await form.read();
    if (event.kind === "field") seen.push(["field", event.name, event.value]);
    else if (event.kind === "file") seen.push(["file", event.filename, event.contentType, ""]);
    else if (event.kind !== "bytes") return { seen, last: event };
    else {
      const file = seen.at(-1) ?? [];
      file[3] += new TextDecoder("latin1").decode(event.bytes);
    }
  }
}

function readForm(text: string, contentType = `multipart/form-data; boundary=${BOUNDARY}`): Promise<Outcome> {
  return readAll(new FormReader(requestOf([encoder.encode(text)], contentType)));
}

const EXPECTED = {
  seen: [
    ["field", "tags", "a,b"],
    ["file", "notes.txt", "text/plain", `--dashes--\r\n--and half a boundary\r\n--${BOUNDARY.slice(0, -1)}`],
  ],
  last: { kind: "end" },
};

test("a form is read the same wherever its bytes are torn apart", async () => {
  const bytes = encoder.encode(FORM);
  const contentType = `multipart/form-data; boundary=${BOUNDARY}`;
  for (let at = 0; at <= bytes.byteLength; at += 1) {
    const pieces = [bytes.subarray(0, at), bytes.subarray(at)];
    expect(await readAll(new FormReader(requestOf(pieces, contentType))), `torn at ${at}`).toEqual(EXPECTED);
  }
});

test.each(Array.from({ length: 70 }, (_, index) => index + 1))(
  "a form in pieces of %d bytes",
  async (pieceBytes) => {
    const bytes = encoder.encode(FORM);
    const pieces = Array.from({ length: Math.ceil(bytes.byteLength / pieceBytes) }, (_, index) =>
      bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
    );
    const form = new FormReader(requestOf(pieces, `multipart/form-data; boundary=${BOUNDARY}`));
    expect(await readAll(form)).toEqual(EXPECTED);
  },
);

test("a form cut anywhere has no end", async () => {
  // The last line break may be missing.
  for (let length = 1; length < FORM.length - 2; length += 1) {
    const { last } = await readForm(FORM.slice(0, length));
    expect(last, `cut after ${length}`).toMatchObject({ kind: "malformed" });
  }
  expect((await readForm(FORM.slice(0, -2))).last).toEqual({ kind: "end" });
});

test("a client that goes away cuts the form, and that is all there is to read", async () => {
  const contentType = `multipart/form-data; boundary=${BOUNDARY}`;
  const form = new FormReader(requestOf([encoder.encode(FORM)], contentType, true));
  expect((await readAll(form)).last).toEqual({ kind: "cut" });
  expect(await form.read()).toEqual({ kind: "cut" });
});

test("a client that sends nothing for too long is cut, wherever in the form", async () => {
  vi.useFakeTimers();
  for (const length of [0, 20, FORM.indexOf("a,b"), FORM.indexOf("--dashes")]) {
    const body = new ReadableStream({
      type: "bytes",
      start(controller) {
        if (length > 0) controller.enqueue(encoder.encode(FORM.slice(0, length)));
      },
    });
    const headers = { "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
    const init = { method: "POST", body, duplex: "half", headers } as const;
    const seen = vi.fn<(outcome: Outcome) => void>();
    const reading = readAll(new FormReader(new Request("http://test.invalid/", init))).then(seen);
    await vi.advanceTimersByTimeAsync(CLIENT_SILENCE_MS - 1_000);
    expect(seen, `after ${length}`).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2_000);
    await reading;
    expect(seen, `after ${length}`).toHaveBeenCalledWith(expect.objectContaining({ last: { kind: "cut" } }));
    expect(vi.getTimerCount()).toBe(0);
  }
});

test.each([
  ['filename="Łódź – 東京; a=b.txt"', "Łódź – 東京; a=b.txt"],
  ['filename="say %22hi%22.txt"', 'say "hi".txt'],
  ['filename="say \\"hi\\".txt"', 'say "hi".txt'],
  ['filename="a%0D%0Ab.txt"', "a\r\nb.txt"],
  ['filename="C:\\dir\\a.txt"', "C:\\dir\\a.txt"],
  ["filename=a.txt", "a.txt"],
  ["filename=a.txt; filename*=UTF-8''%C5%81.txt", "Ł.txt"],
  ['filename=""', ""],
  ['FileName="a.txt"', "a.txt"],
])("the name in %s", async (parameter, expected) => {
  const { seen, last } = await readForm(FORM.replace('filename="notes.txt"', parameter));
  expect(seen[1]?.[1]).toBe(expected);
  expect(last).toEqual({ kind: "end" });
});

test.each([
  ["without a boundary", "multipart/form-data"],
  ["with an empty boundary", 'multipart/form-data; boundary=""'],
  ["with a boundary that is too long", `multipart/form-data; boundary=${"b".repeat(71)}`],
  ["with another boundary", "multipart/form-data; boundary=other"],
])("%s", async (_what, contentType) => {
  expect((await readForm(FORM, contentType)).last).toMatchObject({ kind: "malformed" });
});

test.each([
  ["a part without headers", FORM.replace('Content-Disposition: form-data; name="tags"\r\n', "")],
  ["a part that isn't of a form", FORM.replace('form-data; name="tags"', "attachment")],
  ["a part without a name", FORM.replace('name="tags"', "x=y")],
  ["a file without a name of its own", FORM.replace('name="file"; ', "")],
  ["a header that is no header", FORM.replace("Content-Type: text/plain", "nothing at all")],
  ["a name that isn't percent-encoded text", FORM.replace('filename="', `filename*=UTF-8''%C5; f="`)],
  ["a field that is too long", FORM.replace("a,b", "x".repeat(8 * 1024 + 1))],
  ["a preamble that is too long", `${"x".repeat(200_000)}\r\n${FORM}`],
  ["an epilogue that is too long", `${FORM}${"x".repeat(200_000)}`],
  ["headers that are too long", FORM.replace("text/plain", "x".repeat(20_000))],
  [
    "too many parts",
    `${`--${BOUNDARY}\r\nContent-Disposition: form-data; name="tags"\r\n\r\nx\r\n`.repeat(101)}${FORM}`,
  ],
])("%s is malformed", async (_what, text) => {
  expect((await readForm(text)).last).toMatchObject({ kind: "malformed", detail: expect.any(String) });
});

test.each([
  ["a preamble and an epilogue", `hello\r\n${FORM}bye\r\n`],
  ["a field at its limit", FORM.replace("a,b", "x".repeat(8 * 1024))],
])("%s are read over", async (_what, text) => {
  expect((await readForm(text)).last).toEqual({ kind: "end" });
});

test("a large file is passed on in pieces that are never large", async () => {
  const content = new Uint8Array(3_000_000).fill(0x2d);
  const [head = "", rest = ""] = FORM.split("--dashes--");
  const bytes = [encoder.encode(head), content, encoder.encode(rest)];
  const form = new FormReader(requestOf(bytes, `multipart/form-data; boundary=${BOUNDARY}`));
  let largest = 0;
  let total = 0;
  for (let event = await form.read(); event.kind !== "end"; event = await form.read()) {
    if (event.kind !== "bytes") continue;
    largest = Math.max(largest, event.bytes.byteLength);
    total += event.bytes.byteLength;
  }
  expect(total).toBe(content.byteLength + rest.indexOf(`\r\n--${BOUNDARY}--`));
  expect(largest).toBeLessThanOrEqual(64 * 1024 + 200);
});

test.each([
  ["multipart/form-data; boundary=x", true],
  ["Multipart/Form-Data;boundary=x", true],
  ["multipart/form-data", true],
  ["multipart/form-database", false],
  ["multipart/mixed; boundary=x", false],
  ["text/plain; x=multipart/form-data", false],
  [null, false],
])("%s is a form: %s", (contentType, expected) => {
  expect(isForm(contentType)).toBe(expected);
});
