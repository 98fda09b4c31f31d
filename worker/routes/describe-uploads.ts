import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { ErrorCode } from "#contract/errors.ts";
import { UPLOAD_CONTENT_TYPE } from "#contract/tus.ts";
import type { AppEnv } from "../app-env.ts";
import { COMPLETED_UPLOAD_EXAMPLE } from "./examples.ts";
import { IDEMPOTENCY_ERRORS } from "./idempotent.ts";
import { tokenProblems } from "./open-api.ts";
import { answerFields, field, requestFields } from "./upload-fields.ts";

/**
 * What `/openapi.json` says of the upload resources. Nothing validates by these: the protocols' front ends parse what
 * they are sent, as strictly as each protocol wants, and stream it. docs/protocols.md has the whole of it.
 */

type Registry = OpenAPIHono<AppEnv>["openAPIRegistry"];

const SECURITY = [{ bearer: [] }, { uploadGrant: [] }, { entityGrant: [] }];

const BINARY = { schema: { type: "string", format: "binary" } } as const;

/** What any body can be refused for. */
const BODY_ERRORS = [
  ...["UPLOAD_LENGTH_INVALID", "UPLOAD_LENGTH_CONFLICT", "UPLOAD_LENGTH_EXCEEDED", "UPLOAD_HEADER_INVALID"],
  ...["UPLOAD_CHECKSUM_INVALID", "CONTENT_DIGEST_MISMATCH", "REPR_DIGEST_MISMATCH"],
  ...["UPLOAD_SUPERSEDED", "TUS_VERSION_UNSUPPORTED", "FILE_TOO_LARGE", "UPLOAD_BODY_TOO_LARGE"],
  ...[
    "UPLOAD_CONTENT_TYPE_INVALID",
    "FILE_TYPE_MISMATCH",
    "CONTENT_ENCRYPTED",
    "UPLOAD_CHECKSUM_MISMATCH",
    "STORE_UNAVAILABLE",
  ],
  ...["QUOTA_EXCEEDED", "TENANT_ERASING", "METHOD_NOT_ALLOWED"],
] as const satisfies ErrorCode[];

/** What whoever names a file as the one to be replaced can be refused for. */
export const REPLACING_ERRORS = [
  ...["FILE_NOT_FOUND", "PERMISSION_REQUIRED", "FILE_IN_TRASH", "FILE_NOT_READY"],
  "VERSION_LIMIT_REACHED",
] as const satisfies ErrorCode[];

/** What is asked about one upload can find it so; one that was refused says again why. */
const OF_ONE = [
  ...[
    "UPLOAD_NOT_FOUND",
    "UPLOAD_EXPIRED",
    "UPLOAD_LOST",
    "FILE_TYPE_MISMATCH",
    "CONTENT_ENCRYPTED",
    "REPR_DIGEST_MISMATCH",
  ],
  ...["UPLOAD_LENGTH_EXCEEDED", "TUS_VERSION_UNSUPPORTED", "METHOD_NOT_ALLOWED", "TENANT_ERASING"],
] as const satisfies ErrorCode[];

const CompletedUpload = z
  .object({
    id: z.string().meta({ description: "The file's id" }),
    url: z.string().meta({ description: "The file" }),
    version: z.int().min(1).meta({ description: "Which version of it this is" }),
    versionUrl: z.string().meta({ description: "That version: what becomes of it is asked for here" }),
  })
  .meta({
    id: "CompletedUpload",
    example: COMPLETED_UPLOAD_EXAMPLE,
  });

const COMPLETED = { "application/json": { schema: CompletedUpload } };

const id = z.string().meta({
  description: "The upload's id, which is that of the file it becomes",
  example: "2z6s8k5q0x9v7c4b1n3m2a4d6f",
});
const ONE = { params: z.object({ id }) };

const OPTIONS_ANSWER = {
  204: {
    description: "What there is",
    headers: answerFields(
      "Tus-Version",
      "Tus-Extension",
      "Tus-Max-Size",
      "Tus-Checksum-Algorithm",
      "Upload-Limit",
    ),
  },
};

function describeCollection(registry: Registry): void {
  registry.registerPath({
    ...{ method: "options", path: "/", operationId: "describeUploads", security: [] },
    summary: "What the upload protocols can do here",
    responses: OPTIONS_ANSWER,
  });
  registry.registerPath({
    ...{ method: "post", path: "/", operationId: "createUpload", security: SECURITY },
    summary: "Begin an upload, or send a whole file",
    description:
      "tus 1.0 (`Tus-Resumable`): an upload of `Upload-Length` bytes, with its first bytes or without. IETF (without " +
      "it): a body that is a whole file, or its beginning with `Upload-Complete: ?0`. Any client of either protocol " +
      "does what is described here.",
    request: {
      query: z.object({
        entityType: field("IETF: what the file belongs to"),
        entityId: field("IETF: which one of those; needed with entityType"),
        tags: field("IETF: separated by commas"),
        replaces: field("IETF: the file that this is a new version of"),
      }),
      headers: requestFields(
        ...(["Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Defer-Length"] as const),
        ...(["Upload-Concat", "Upload-Checksum", "Upload-Complete", "Content-Disposition"] as const),
        ...(["Content-Digest", "Repr-Digest", "Want-Repr-Digest", "Idempotency-Key"] as const),
      ),
      body: { required: false, content: { [UPLOAD_CONTENT_TYPE]: BINARY, "*/*": BINARY } },
    },
    responses: {
      201: {
        description:
          "The upload is there. IETF: if it is complete, `Location` is the file, and so is the content",
        headers: answerFields(
          "Location",
          "Upload-Offset",
          "Upload-Complete",
          "Upload-Limit",
          "Upload-Expires",
          "Tus-Resumable",
        ),
        content: COMPLETED,
      },
      ...tokenProblems(
        ...BODY_ERRORS,
        ...REPLACING_ERRORS,
        ...([
          "UPLOAD_METADATA_INVALID",
          "UPLOAD_CONCAT_INVALID",
          "FILE_NAME_REQUIRED",
          "FILE_NAME_INVALID",
        ] as const),
        ...(["UPLOAD_FINAL", "GRANT_SCOPE", "GRANT_USED", "FILE_TYPE_REFUSED"] as const),
        ...(["OPEN_UPLOADS_EXCEEDED", "RATE_LIMITED"] as const),
        ...IDEMPOTENCY_ERRORS,
      ),
    },
  });
}

const STATE_FIELDS = answerFields(
  ...(["Upload-Offset", "Upload-Length", "Upload-Complete", "Upload-Limit", "Upload-Expires"] as const),
  ...(["Upload-Metadata", "Repr-Digest", "Tus-Resumable"] as const),
);

function describeState(registry: Registry): void {
  const about = {
    path: "/{id}",
    security: SECURITY,
    request: { ...ONE, headers: requestFields("Tus-Resumable") },
  };
  const errors = tokenProblems(...OF_ONE);
  const ietf = { 204: { description: "The state, in the IETF's protocol", headers: STATE_FIELDS } };
  registry.registerPath({
    ...{ ...about, method: "head", operationId: "getUploadState" },
    summary: "How far an upload has come",
    description: "Cuts whoever is sending to this upload: what came of it is kept. Never limited by rate.",
    responses: { 200: { description: "The state, in tus", headers: STATE_FIELDS }, ...ietf, ...errors },
  });
  registry.registerPath({
    ...{ ...about, method: "get", operationId: "getUploadStateByGet" },
    summary: "How far an upload has come, by GET",
    description: "As HEAD, in the IETF's protocol alone.",
    responses: { ...ietf, ...errors },
  });
}

function describeAppend(registry: Registry): void {
  registry.registerPath({
    ...{ method: "patch", path: "/{id}", operationId: "appendToUpload", security: SECURITY },
    summary: "Send more of an upload",
    description: "What arrives is kept though the connection breaks, except in a request with a checksum.",
    request: {
      ...ONE,
      headers: requestFields(
        ...(["Tus-Resumable", "Upload-Offset", "Upload-Length", "Upload-Checksum"] as const),
        ...(["Upload-Complete", "Content-Digest"] as const),
      ),
      body: {
        required: true,
        content: { [UPLOAD_CONTENT_TYPE]: BINARY, "application/partial-upload": BINARY },
      },
    },
    responses: {
      201: {
        description: "IETF: the upload is complete, and has become a file",
        headers: answerFields("Location", "Upload-Offset", "Upload-Complete", "Repr-Digest"),
        content: COMPLETED,
      },
      204: {
        description: "The bytes are durable. tus: at the end as well",
        headers: answerFields(
          "Upload-Offset",
          "Upload-Complete",
          "Upload-Limit",
          "Upload-Expires",
          "Tus-Resumable",
        ),
      },
      ...tokenProblems(
        ...BODY_ERRORS,
        ...OF_ONE,
        ...(["UPLOAD_OFFSET_INVALID", "UPLOAD_OFFSET_MISMATCH", "UPLOAD_COMPLETED", "UPLOAD_FINAL"] as const),
      ),
    },
  });
}

function describeEnd(registry: Registry): void {
  registry.registerPath({
    ...{ method: "delete", path: "/{id}", operationId: "terminateUpload", security: SECURITY },
    summary: "Give an upload up",
    description:
      "A complete one too: then its file is deleted as by `DELETE /v1/files/{id}`, and can be restored. With a grant, as " +
      "long as that file has no other version.",
    request: { ...ONE, headers: requestFields("Tus-Resumable") },
    responses: {
      204: { description: "It is gone; the file that it has become is in the trash" },
      ...tokenProblems(...OF_ONE, "GRANT_SCOPE"),
    },
  });
  registry.registerPath({
    ...{ method: "options", path: "/{id}", operationId: "describeUpload", security: [], request: ONE },
    summary: "What the upload protocols can do with an upload",
    responses: OPTIONS_ANSWER,
  });
}

export function describeUploads(registry: Registry): void {
  describeCollection(registry);
  describeState(registry);
  describeAppend(registry);
  describeEnd(registry);
}
