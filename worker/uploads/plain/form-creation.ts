import type { FieldProblem } from "#contract/errors.ts";
import { AppError } from "#contract/errors.ts";
import { QUERY_KEYS } from "../ietf/ietf-creation.ts";
import type { FormEvent, FormReader } from "./form-reader.ts";

function formError(detail: string, error?: FieldProblem): AppError {
  return new AppError("FORM_INVALID", error === undefined ? { detail } : { detail, errors: [error] });
}

type FilePart = Extract<FormEvent, { kind: "file" }>;

/**
 * Reads a form up to its file's first byte and says the same as the head of an IETF creation: its fields are that one's
 * query parameters. Throws `FORM_INVALID` and `BODY_INCOMPLETE`.
 */
export async function readFormHead(
  form: FormReader,
  request: Request,
): Promise<{ url: URL; headers: Headers }> {
  const url = new URL(request.url);
  for (;;) {
    const event = await form.read();
    switch (event.kind) {
      case "field":
        takeField(url.searchParams, event.name, event.value);
        break;
      case "file":
        return { url, headers: headersOf(event) };
      case "end":
        throw formError("It has no file.", { path: "file", message: "is required" });
      case "bytes":
      case "malformed":
      case "cut":
        throw errorOf(event);
    }
  }
}

function takeField(query: URLSearchParams, name: string, value: string): void {
  if (!QUERY_KEYS.some((key) => key === name)) {
    throw formError(`Fields are ${QUERY_KEYS.join(", ")}.`, { path: name, message: "is not a field" });
  }
  if (query.has(name)) throw formError("A field is there twice.", { path: name, message: "is there twice" });
  query.set(name, value);
}

function headersOf({ filename, contentType }: FilePart): Headers {
  // What browsers send for a file input that nothing was chosen in.
  if (filename === "") throw formError("Its file has no name.", { path: "file", message: "has no name" });
  const headers = new Headers({
    "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(filename)}`,
    // A form doesn't tell how long its file is, and its end is known only when the form's is.
    "Upload-Complete": "?0",
  });
  if (contentType !== "") headers.set("Content-Type", contentType);
  return headers;
}

function errorOf(event: Exclude<FormEvent, { kind: "field" }>): AppError {
  switch (event.kind) {
    case "malformed":
      return formError(event.detail);
    case "cut":
      return new AppError("BODY_INCOMPLETE");
    case "file":
    case "bytes":
    case "end":
      return formError("It has more than one file.", { path: "file", message: "is there twice" });
  }
}

/**
 * Passes the file's bytes on, as fast as they are taken, and returns how many they were when the whole form was read.
 * Throws `FORM_INVALID` and `BODY_INCOMPLETE`: what was passed on is then nothing that anybody wanted stored.
 */
export async function passFileOn(form: FormReader, destination: WritableStream<Uint8Array>): Promise<number> {
  const writer = destination.getWriter();
  let sizeBytes = 0;
  try {
    for (;;) {
      const event = await form.read();
      if (event.kind === "end") break;
      if (event.kind === "field") throw formError("Fields come before the file.");
      if (event.kind !== "bytes") throw errorOf(event);
      await writer.write(event.bytes);
      sizeBytes += event.bytes.byteLength;
    }
    await writer.close();
    return sizeBytes;
  } catch (error) {
    // The other side may take this for the end: whoever called decides by what is thrown.
    writer.abort(error).catch(() => {});
    throw error;
  }
}
