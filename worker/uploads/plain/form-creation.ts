import type { FieldProblem } from "#contract/errors.ts";
import { AppError } from "#contract/errors.ts";
import { MAX_METADATA_LENGTH } from "#contract/tus.ts";
import { QUERY_KEYS } from "../ietf/ietf-creation.ts";
import type { FormEvent, FormReader } from "./form-reader.ts";

function formError(detail: string, error?: FieldProblem): AppError {
  return new AppError("FORM_INVALID", error === undefined ? { detail } : { detail, errors: [error] });
}

type FieldPart = Extract<FormEvent, { kind: "field" }>;
type FilePart = Extract<FormEvent, { kind: "file" }>;

/** What a form says before its file's first byte. */
export interface FormHead {
  /** As an IETF creation would say it of the file. */
  readonly headers: Headers;
  /** Its fields, which are what Upload-Metadata is in tus; also what of that the query says. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Reads a form up to its file's first byte. Throws `FORM_INVALID` and `BODY_INCOMPLETE`. */
export async function readFormHead(form: FormReader, { url }: Request): Promise<FormHead> {
  const fields = fieldsOfQuery(new URL(url).searchParams);
  for (;;) {
    const event = await form.read();
    switch (event.kind) {
      case "field":
        takeField(fields, event);
        break;
      case "file":
        return { headers: headersOf(event), fields };
      case "end":
        throw formError("It has no file.", { path: "file", message: "is required" });
      case "bytes":
      case "malformed":
      case "cut":
        throw errorOf(event);
    }
  }
}

function fieldsOfQuery(query: URLSearchParams): Map<string, string> {
  const said = QUERY_KEYS.map((key) => [key, query.get(key)] as const);
  return new Map(said.filter((pair): pair is [(typeof pair)[0], string] => pair[1] !== null));
}

function takeField(fields: Map<string, string>, { name, value }: Omit<FieldPart, "kind">): void {
  if (name === "") throw formError("A part has no name.");
  if (fields.has(name)) throw formError("A field is there twice.", { path: name, message: "is there twice" });
  fields.set(name, value);
  const length = [...fields].reduce((sum, [key, text]) => sum + key.length + text.length, 0);
  if (length > MAX_METADATA_LENGTH) {
    throw formError(`Its fields are longer than ${MAX_METADATA_LENGTH} characters together.`);
  }
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

/** What decides how a file is stored, and so has to be known before it is. */
const OF_THE_BEGINNING: ReadonlySet<string> = new Set(["filename", "filetype", "replaces"]);

/** What came of a form behind its head. */
export interface FormRest {
  readonly sizeBytes: number;
  /** Fields that came after the file. */
  readonly lateFields: ReadonlyMap<string, string>;
}

/**
 * Passes the file's bytes on, as fast as they are taken, and returns when the whole form was read. Throws `FORM_INVALID`
 * and `BODY_INCOMPLETE`: what was passed on is then nothing that anybody wanted stored.
 */
export async function passFileOn(
  form: FormReader,
  head: FormHead,
  destination: WritableStream<Uint8Array>,
): Promise<FormRest> {
  const writer = destination.getWriter();
  const fields = new Map(head.fields);
  let sizeBytes = 0;
  try {
    for (let event = await form.read(); event.kind !== "end"; event = await form.read()) {
      if (event.kind === "field") takeLateField(fields, event);
      else if (event.kind !== "bytes") throw errorOf(event);
      else {
        await writer.write(event.bytes);
        sizeBytes += event.bytes.byteLength;
      }
    }
    await writer.close();
    return { sizeBytes, lateFields: new Map([...fields].filter(([name]) => !head.fields.has(name))) };
  } catch (error) {
    // The other side may take this for the end: whoever called decides by what is thrown.
    writer.abort(error).catch(() => {});
    throw error;
  }
}

function takeLateField(fields: Map<string, string>, field: FieldPart): void {
  const { name } = field;
  if (OF_THE_BEGINNING.has(name)) {
    throw formError("A field comes too late.", { path: name, message: "comes before the file" });
  }
  takeField(fields, field);
}
