import { createRoute, z } from "@hono/zod-openapi";
import { Disposition, FileList, FileListQuery, FileRecord, Variant } from "#contract/api.ts";
import { AppError } from "#contract/errors.ts";
import { FileId } from "#contract/ids.ts";
import { isReading } from "../delivery/reading.ts";
import { serveObject } from "../delivery/serve.ts";
import { actorOf } from "../middleware/actor.ts";
import { authenticate } from "../middleware/authenticate.ts";
import { releaseBody } from "../middleware/release-body.ts";
import { recordRead } from "../services/audit.ts";
import { deleteFile, getFile, getFiles } from "../services/files.ts";
import { requireDownload } from "../services/servable.ts";
import { r2Store } from "../storage/r2.ts";
import { openApiRouter, problemResponses } from "./open-api.ts";
import { storePlainUpload } from "./plain-uploads.ts";

const TOKEN_ERRORS = ["TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED"] as const;

/** Not the id's own schema: what can't be an id is a file that isn't there, not a malformed request. */
const FileParams = z.object({ id: z.string().meta({ description: "File id" }) });

function requireFileId(text: string): FileId {
  const parsed = FileId.safeParse(text);
  if (!parsed.success) throw new AppError("FILE_NOT_FOUND");
  return parsed.data;
}

const listRoute = createRoute({
  method: "get",
  path: "/",
  summary: "List files, newest first",
  security: [{ bearer: [] }],
  request: { query: FileListQuery },
  responses: {
    200: { description: "A page of files", content: { "application/json": { schema: FileList } } },
    ...problemResponses("REQUEST_INVALID", ...TOKEN_ERRORS),
  },
});

const FIELD_DESCRIPTIONS = {
  entityType: "What the file belongs to",
  entityId: "Which one of those",
  tags: "Separated by commas",
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
  summary: "Upload a file in one request",
  description:
    "For small files and scripts: the body is the file, named by Content-Disposition and typed by Content-Type, or a " +
    "form with one file and the fields before it. Nothing of it is kept unless all of it arrives; large files and " +
    "poor connections are for /v1/uploads.",
  security: [{ bearer: [] }],
  request: {
    headers: z.object({
      "content-disposition": z
        .string()
        .optional()
        .meta({ description: 'The name of a file that is the body: attachment; filename="a.txt"' }),
    }),
    query: z.object({
      entityType: z.string().optional().meta({ description: FIELD_DESCRIPTIONS.entityType }),
      entityId: z.string().optional().meta({ description: FIELD_DESCRIPTIONS.entityId }),
      tags: z.string().optional().meta({ description: FIELD_DESCRIPTIONS.tags }),
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
          },
        },
      },
    },
  },
  responses: {
    201: {
      description: "The file is stored and waits for its check",
      headers: z.object({ Location: z.string().meta({ description: "/v1/files/{id}" }) }),
      content: { "application/json": { schema: FileRecord } },
    },
    ...problemResponses(
      "REQUEST_INVALID",
      "FORM_INVALID",
      "BODY_INCOMPLETE",
      "FILE_NAME_REQUIRED",
      "FILE_NAME_INVALID",
      "UPLOAD_METADATA_INVALID",
      "UPLOAD_HEADER_INVALID",
      "FILE_TOO_LARGE",
      "UPLOAD_BODY_TOO_LARGE",
      "FILE_TYPE_REFUSED",
      "FILE_TYPE_MISMATCH",
      "UPLOAD_CHECKSUM_MISMATCH",
      "STORE_UNAVAILABLE",
      ...TOKEN_ERRORS,
    ),
  },
});

const getRoute = createRoute({
  method: "get",
  path: "/{id}",
  summary: "Get a file's record",
  security: [{ bearer: [] }],
  request: { params: FileParams },
  responses: {
    200: { description: "The record", content: { "application/json": { schema: FileRecord } } },
    ...problemResponses("FILE_NOT_FOUND", ...TOKEN_ERRORS),
  },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/{id}",
  summary: "Delete a file",
  security: [{ bearer: [] }],
  request: { params: FileParams },
  responses: {
    204: { description: "It is no longer served" },
    ...problemResponses("FILE_NOT_FOUND", ...TOKEN_ERRORS),
  },
});

const contentRoute = createRoute({
  method: "get",
  path: "/{id}/content",
  summary: "Download a file or a variant of it",
  security: [{ bearer: [] }],
  request: {
    params: FileParams,
    query: z.object({
      variant: Variant.default("original"),
      disposition: Disposition.default("attachment"),
    }),
  },
  responses: {
    200: { description: "The bytes" },
    206: { description: "A range of the bytes" },
    304: { description: "The caller's copy is still good" },
    ...problemResponses(
      "FILE_NOT_FOUND",
      "VARIANT_NOT_FOUND",
      "FILE_NOT_READY",
      "FILE_BLOCKED",
      "RANGE_NOT_SATISFIABLE",
      ...TOKEN_ERRORS,
    ),
  },
});

const router = openApiRouter();
router.use(releaseBody, authenticate);

/** `/v1/files`: plain uploads, records, content, deletion. */
export const files = router
  .openapi(listRoute, async (c) => {
    return c.json(await getFiles(c.env, c.get("identity"), c.req.valid("query")), 200);
  })
  .openapi(createFileRoute, async (c) => {
    const fileId = await storePlainUpload(c);
    const record = await getFile(c.env, c.get("identity"), fileId);
    return c.json(record, 201, { Location: `/v1/files/${fileId}` });
  })
  .openapi(getRoute, async (c) => {
    const fileId = requireFileId(c.req.valid("param").id);
    return c.json(await getFile(c.env, c.get("identity"), fileId), 200);
  })
  .openapi(deleteRoute, async (c) => {
    const fileId = requireFileId(c.req.valid("param").id);
    await deleteFile(c.env, c.get("identity"), actorOf(c), fileId, Date.now());
    return c.body(null, 204);
  })
  .openapi(contentRoute, async (c) => {
    const fileId = requireFileId(c.req.valid("param").id);
    const { variant, disposition } = c.req.valid("query");
    const object = await requireDownload(c.env, c.get("identity"), fileId, variant);
    const answer = await serveObject(r2Store(c.env.BUCKET), object, c.req.raw, disposition);
    if (isReading(c.req.raw, answer)) {
      const { version } = object;
      const read = { actor: actorOf(c), fileId, version, detail: { variant }, atMs: Date.now() };
      c.executionCtx.waitUntil(recordRead(c.env, read, false));
    }
    return answer;
  });
