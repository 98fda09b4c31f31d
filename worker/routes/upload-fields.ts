import { z } from "@hono/zod-openapi";

/** A header or a parameter, as it is described. */
export const field = (description: string, example?: string) =>
  z
    .string()
    .optional()
    .meta({ description, ...(example === undefined ? {} : { example }) });

/**
 * Request fields, by the protocol that has them. Those of the plainest tus request alone have examples: of these the page
 * makes a request that can be sent, and protocols can't be mixed in one.
 */
const REQUEST = {
  "Tus-Resumable": field("tus: the version. Its presence says that a request is tus's", "1.0.0"),
  "Upload-Length": field("Bytes of the whole", "11"),
  "Upload-Offset": field("Where the body begins: as many bytes as the upload has", "0"),
  "Upload-Metadata": field(
    "tus: pairs of a key and a value in base64. `filename` is required; `filetype`, `entityType`, `entityId`, `tags` " +
      "and `replaces` mean something; others are kept",
    "filename aGVsbG8udHh0,filetype dGV4dC9wbGFpbg==",
  ),
  "Upload-Defer-Length": field("tus: `1`, in the place of a length that comes later"),
  "Upload-Concat": field("tus: `partial`, or `final;` and the uploads to put together"),
  "Upload-Checksum": field(
    "tus: `sha1`, `sha256` or `md5`, and the digest of this body in base64; all of it is taken or nothing",
  ),
  "Upload-Complete": field(
    "IETF: `?0` where more follows, `?1` with the last of it; without it, the body is all of it",
  ),
  "Content-Disposition": field('IETF: the file\'s name, as `attachment; filename="hello.txt"`'),
  "Content-Digest": field("IETF (RFC 9530): of this body, as `sha-256=:…:`"),
  "Repr-Digest": field("IETF (RFC 9530): of the whole file, as `sha-256=:…:`"),
  "Want-Repr-Digest": field("IETF (RFC 9530): asks for the file's digest, as `sha-256=1`"),
  "Idempotency-Key": field(
    "Heeded where the request has no content, and isn't a grant's: of your choice, new for each upload. The same request " +
      "with it, within a day, is answered with the same `Location`",
  ),
} as const;

/** Fields of answers. */
const ANSWER = {
  Location: field("The upload; of a complete one, the file", "/v1/uploads/2z6s8k5q0x9v7c4b1n3m2a4d6f"),
  "Upload-Offset": field("Bytes that are durable", "0"),
  "Upload-Length": field("Bytes of the whole, where that is known", "11"),
  "Upload-Complete": field("Whether the upload is complete; in a refusal, whether it is final", "?0"),
  "Upload-Limit": field(
    "IETF: `max-size`, `max-append-size`, `max-age`",
    "max-size=524288000, max-age=259200",
  ),
  "Upload-Expires": field("tus: when the upload ends without progress", "Wed, 25 Nov 2026 18:00:00 GMT"),
  "Upload-Metadata": field("tus: as it was declared", "filename aGVsbG8udHh0"),
  "Repr-Digest": field(
    "Of the whole file, where it is known",
    "sha-256=:uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=:",
  ),
  "Tus-Resumable": field("The version", "1.0.0"),
  "Tus-Version": field("Versions that there are", "1.0.0"),
  "Tus-Extension": field("Extensions that there are", "creation,expiration,checksum"),
  "Tus-Max-Size": field("Bytes of the largest upload", "524288000"),
  "Tus-Checksum-Algorithm": field("Algorithms that there are", "sha1,sha256,md5"),
} as const;

export function requestFields(...names: (keyof typeof REQUEST)[]) {
  return z.object(Object.fromEntries(names.map((name) => [name, REQUEST[name]])));
}

export function answerFields(...names: (keyof typeof ANSWER)[]) {
  return z.object(Object.fromEntries(names.map((name) => [name, ANSWER[name]])));
}
