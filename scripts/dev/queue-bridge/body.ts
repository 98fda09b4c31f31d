import type { ContentType, EncodedBody } from "./messages.ts";

const encoder = new TextEncoder();

/**
 * Encodes a sent body as a pull consumer receives it: `text` as it is, `json` and `bytes` in base64
 * (https://developers.cloudflare.com/queues/configuration/pull-consumers/#content-types).
 * Throws a TypeError where the body isn't of its content type, as workerd's own producer does.
 */
export function encodeBody(contentType: ContentType, body: unknown): EncodedBody {
  switch (contentType) {
    case "text":
      return encodeText(body);
    case "bytes":
      return encodeBytes("bytes", requireView(body));
    case "json":
      return encodeBytes("json", encoder.encode(requireJson(body)));
  }
}

function encodeText(body: unknown): EncodedBody {
  if (typeof body !== "string") throw new TypeError(`A text message must be a string, not ${typeof body}`);
  return { contentType: "text", body, sizeBytes: encoder.encode(body).byteLength };
}

function encodeBytes(contentType: ContentType, bytes: Uint8Array): EncodedBody {
  return { contentType, body: bytes.toBase64(), sizeBytes: bytes.byteLength };
}

function requireView(body: unknown): Uint8Array {
  if (!ArrayBuffer.isView(body)) {
    throw new TypeError(`A bytes message must be an ArrayBufferView, not ${typeof body}`);
  }
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}

function requireJson(body: unknown): string {
  // TypeScript doesn't say it, but undefined and functions have no JSON.
  const json: string | undefined = JSON.stringify(body);
  if (json === undefined) throw new TypeError(`A json message can't be ${typeof body}`);
  return json;
}
