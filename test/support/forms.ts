import type { Caller } from "./api.ts";

export const BOUNDARY = "----------------------a-boundary";

export interface Part {
  readonly disposition: string;
  readonly type?: string;
  readonly content: string | Uint8Array;
}

export function field(name: string, content: string): Part {
  return { disposition: `form-data; name="${name}"`, content };
}

export function file(content: string | Uint8Array, filename = "notes.txt", type = "text/plain"): Part {
  return { disposition: `form-data; name="file"; filename="${filename}"`, type, content };
}

/** A form as it goes over the wire. */
export function formOf(parts: readonly Part[], boundary = BOUNDARY): Buffer<ArrayBuffer> {
  const pieces = parts.flatMap(({ disposition, type, content }) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: ${disposition}\r\n`),
    Buffer.from(type === undefined ? "\r\n" : `Content-Type: ${type}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

export function postForm(
  caller: Caller,
  body: Uint8Array<ArrayBuffer> | null,
  { query = "", type = FORM_TYPE } = {},
): Promise<Response> {
  return caller.fetch(`/v1/files${query}`, { method: "POST", headers: { "content-type": type }, body });
}
