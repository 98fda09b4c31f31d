import { createRoute, z } from "@hono/zod-openapi";
import { FileRecord } from "#contract/api.ts";
import { FileList, FileListQuery } from "#contract/listing.ts";
import { versionPath } from "#contract/versions.ts";
import { actorOf } from "../middleware/actor.ts";
import { limitCreations } from "../middleware/rate-limit.ts";
import { requireDownload } from "../services/downloads.ts";
import { getFiles } from "../services/file-list.ts";
import { getFile, getSentFile } from "../services/files.ts";
import { announcePage, CONTENT_ERRORS, CONTENT_RESPONSES, ContentQuery, answerContent } from "./content.ts";
import { REPLACING_ERRORS } from "./describe-uploads.ts";
import { FILE_EXAMPLE, FILE_LIST_EXAMPLE, STORED_FILE_EXAMPLE } from "./examples.ts";
import { FileParams, requireFileId } from "./file-params.ts";
import { IDEMPOTENCY_ERRORS, IdempotencyHeaders, idempotent } from "./idempotent.ts";
import { FILE_SECURITY, openApiRouter, sessionProblems } from "./open-api.ts";
import { storePlainUpload } from "./plain-uploads.ts";
import { publicUrlOf } from "./public-urls.ts";
import { recordReading } from "./record-reading.ts";
import { formatWarnings } from "./uploads.ts";

const listRoute = createRoute({
  method: "get",
  path: "/",
  operationId: "listFiles",
  summary: "List files, newest first where nothing else is asked for",
  description:
    "In pages that join without a gap or a double while files come, go and are renamed. What is given of the filters " +
    "all holds of each file.",
  security: FILE_SECURITY,
  request: { query: FileListQuery },
  responses: {
    200: {
      description: "A page of files",
      content: { "application/json": { schema: FileList, example: FILE_LIST_EXAMPLE } },
    },
    ...sessionProblems("REQUEST_INVALID", "ROLE_REQUIRED"),
  },
});

/** Uppy, for one, looks for `url` in what an upload is answered. */
const StoredFile = FileRecord.extend({
  url: z.string().meta({ description: "Its record" }),
  versionUrl: z.string().meta({
    description:
      "What was sent, by itself: a new version of a file takes the place of the one before when it is found clean",
  }),
}).meta({ id: "StoredFile" });

const FIELD_DESCRIPTIONS = {
  filename: "Its name, where that isn't the file's own",
  filetype: "Its type, where that isn't the file's own",
  entityType: "What the file belongs to",
  entityId: "Which one of those; needed with entityType",
  tags: "Separated by commas",
  replaces: "The file that this is a new version of",
} as const;

const fieldProperties = Object.fromEntries(
  Object.entries(FIELD_DESCRIPTIONS).map(([name, description]) => [name, { type: "string", description }]),
);

/**
 * The body is documented by schemas that nothing validates by: what would, reads all of it first. The service checks
 * what is in it as it comes.
 */
const createFileRoute = createRoute({
  method: "post",
  path: "/",
  middleware: [limitCreations, idempotent("uploadFile", "file")] as const,
  operationId: "uploadFile",
  summary: "Upload a file in one request",
  description:
    "For small files and scripts: the body is the file, named by Content-Disposition and typed by Content-Type, or a " +
    "form with one file. A form's fields are what Upload-Metadata is in tus: others than these are kept, and filename, " +
    "filetype and replaces come before the file. Nothing of it is kept unless all of it arrives; large files and poor " +
    "connections are for /v1/uploads.",
  security: FILE_SECURITY,
  request: {
    headers: IdempotencyHeaders.extend({
      "content-disposition": z
        .string()
        .optional()
        .meta({ description: 'The name of a file that is the body: attachment; filename="a.txt"' }),
    }),
    query: z.object({
      entityType: z.string().optional().meta({ description: FIELD_DESCRIPTIONS.entityType }),
      entityId: z.string().optional().meta({ description: FIELD_DESCRIPTIONS.entityId }),
      tags: z.string().optional().meta({ description: FIELD_DESCRIPTIONS.tags }),
      replaces: z.string().optional().meta({ description: FIELD_DESCRIPTIONS.replaces }),
    }),
    body: {
      required: true,
      content: {
        "*/*": { schema: { type: "string", format: "binary" } },
        "multipart/form-data": {
          schema: {
            type: "object",
            required: ["file"],
            properties: { ...fieldProperties, file: { type: "string", format: "binary" } },
            additionalProperties: { type: "string" },
          },
        },
      },
    },
  },
  responses: {
    201: {
      description: "The file is stored and waits for its check: a new version with its own number and state",
      headers: z.object({
        Location: z.string().meta({ description: "/v1/files/{id}" }),
        "Causeway-Warning": z.string().optional().meta({ description: "Codes of the record's warnings" }),
      }),
      content: { "application/json": { schema: StoredFile, example: STORED_FILE_EXAMPLE } },
    },
    ...sessionProblems(
      ...IDEMPOTENCY_ERRORS,
      "FORM_INVALID",
      "BODY_INCOMPLETE",
      "CONTENT_DIGEST_MISMATCH",
      "REPR_DIGEST_MISMATCH",
      "FILE_NAME_REQUIRED",
      "FILE_NAME_INVALID",
      "UPLOAD_METADATA_INVALID",
      "UPLOAD_HEADER_INVALID",
      "UPLOAD_SUPERSEDED",
      "FILE_TOO_LARGE",
      "UPLOAD_BODY_TOO_LARGE",
      "FILE_TYPE_REFUSED",
      "FILE_TYPE_MISMATCH",
      "CONTENT_ENCRYPTED",
      "QUOTA_EXCEEDED",
      "OPEN_UPLOADS_EXCEEDED",
      "STORE_UNAVAILABLE",
      ...REPLACING_ERRORS,
    ),
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getFile",
  summary: "Get a file's record",
  security: FILE_SECURITY,
  request: { params: FileParams },
  responses: {
    200: {
      description: "The record",
      content: { "application/json": { schema: FileRecord, example: FILE_EXAMPLE } },
    },
    ...sessionProblems("FILE_NOT_FOUND"),
  },
});

const contentRoute = createRoute({
  method: "get",
  path: "/{id}/content",
  operationId: "downloadFile",
  summary: "Download a file or a variant of it",
  security: FILE_SECURITY,
  request: {
    params: FileParams,
    query: ContentQuery,
  },
  responses: {
    ...CONTENT_RESPONSES,
    ...sessionProblems("REQUEST_INVALID", "PERMISSION_REQUIRED", ...CONTENT_ERRORS),
  },
});

const router = openApiRouter();

/** `/v1/files`: plain uploads, records, content. */
export const files = router
  .openapi(listRoute, async (c) => {
    const page = await getFiles(c.env, c.get("identity"), c.req.valid("query"), publicUrlOf(c), Date.now());
    return c.json(page, 200);
  })
  .openapi(createFileRoute, async (c) => {
    const ref = await storePlainUpload(c);
    c.set("isStored", true);
    const record = await getSentFile(c.env, c.get("identity"), ref, publicUrlOf(c));
    if (record.warnings.length > 0) c.header("Causeway-Warning", formatWarnings(record.warnings));
    const url = `/v1/files/${ref.fileId}`;
    return c.json({ ...record, url, versionUrl: versionPath(ref) }, 201, { Location: url });
  })
  .openapi(getRoute, async (c) => {
    const fileId = requireFileId(c.req.valid("param").id);
    return c.json(await getFile(c.env, c.get("identity"), fileId, publicUrlOf(c)), 200);
  })
  .openapi(contentRoute, async (c) => {
    const fileId = requireFileId(c.req.valid("param").id);
    const { variant, disposition } = c.req.valid("query");
    const object = await requireDownload(c.env, announcePage(c), c.get("identity"), { fileId, variant });
    const answer = await answerContent(c, object, disposition);
    const ref = { tenantId: c.get("identity").tenantId, fileId, version: object.version };
    recordReading(c, answer, { actor: actorOf(c), ref, variant });
    return answer;
  });
