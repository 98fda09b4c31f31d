import { createRoute, z } from "@hono/zod-openapi";
import { AppError } from "#contract/errors.ts";
import { ExportLine, ExportQuery } from "#contract/export.ts";
import type { TenantId } from "#contract/ids.ts";
import { FileVersionRef } from "#contract/ids.ts";
import { recordEvent } from "../../services/audit.ts";
import { requireExportedVersion } from "../../services/downloads.ts";
import { exportTenant } from "../../services/export.ts";
import { requireLivingTenant } from "../../services/tenant-admin.ts";
import { objectStoreOf } from "../../storage/store.ts";
import { CONTENT_RESPONSES, SERVING_ERRORS, answerContent } from "../content.ts";
import { openApiRouter, adminProblems } from "../open-api.ts";
import { recordReading } from "../record-reading.ts";
import { requireTenantInPath, TENANT_ERRORS, TenantParams } from "./tenant-in-path.ts";

/** As any text: the router takes what ends in "json" for one JSON value. */
const NDJSON: string = "application/x-ndjson";

const exportRoute = createRoute({
  method: "get",
  path: "/{tenantId}/export",
  operationId: "exportTenant",
  summary: "All records of a tenant, as lines of JSON",
  description:
    "The tenant, its files by id with all that is about them, its audit trail up to the export's beginning, and a " +
    "line of kind `end`. An " +
    "answer without that one was cut, or reached `limit`: it goes on with the `cursor` of its last line. For its " +
    "admins and services, and for operators.",
  security: [{ bearer: [] }],
  request: { params: TenantParams, query: ExportQuery },
  responses: {
    200: { description: "The lines", content: { [NDJSON]: { schema: ExportLine } } },
    ...adminProblems("REQUEST_INVALID", "TENANT_ERASING", ...TENANT_ERRORS),
  },
});

const contentRoute = createRoute({
  method: "get",
  path: "/{tenantId}/files/{fileId}/versions/{version}/content",
  operationId: "exportVersionContent",
  summary: "The bytes of one version",
  description: "Of any version that was found clean, of a file in the trash too. Takes Range.",
  security: [{ bearer: [] }],
  request: {
    params: TenantParams.extend({ fileId: z.string(), version: z.string() }),
  },
  responses: {
    ...CONTENT_RESPONSES,
    ...adminProblems(
      "VERSION_NOT_FOUND",
      "FILE_NOT_READY",
      "FILE_BLOCKED",
      "TENANT_ERASING",
      ...SERVING_ERRORS,
      ...TENANT_ERRORS,
    ),
  },
});

const encoder = new TextEncoder();

/** Pages as one stream: the next one is asked for when there is room for it, so that one is in memory at a time. */
function streamLines(pages: AsyncGenerator<readonly ExportLine[], void>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await pages.next();
        if (done === true) return controller.close();
        return controller.enqueue(encoder.encode(value.map((line) => `${JSON.stringify(line)}\n`).join("")));
      },
      async cancel() {
        await pages.return();
      },
    },
    { highWaterMark: 0 },
  );
}

const Version = z.string().regex(/^[1-9]\d{0,8}$/);

/** What can't be a file's id or a version's number is one that isn't there. */
function requireRef(tenantId: TenantId, { fileId, version }: { fileId: string; version: string }) {
  const id = FileVersionRef.shape.fileId.safeParse(fileId);
  if (!id.success) throw new AppError("FILE_NOT_FOUND");
  if (!Version.safeParse(version).success) throw new AppError("VERSION_NOT_FOUND");
  return { tenantId, fileId: id.data, version: Number(version) };
}

/** `/v1/admin/tenants/{tenantId}/export`, and the contents that its lines name. */
export const exports = openApiRouter()
  .openapi(exportRoute, async (c) => {
    const { tenantId, actor } = requireTenantInPath(c, c.req.valid("param").tenantId, "export");
    const query = c.req.valid("query");
    const pages = await exportTenant(c.env, objectStoreOf(c.env), tenantId, query, Date.now());
    const detail = { resumed: query.cursor !== undefined };
    await recordEvent(c.env, { actor, action: "tenant.exported", detail, atMs: Date.now() });
    const headers = { "Content-Type": NDJSON, "Cache-Control": "no-store" };
    return new Response(streamLines(pages), { headers });
  })
  .openapi(contentRoute, async (c) => {
    const { tenantId: named, ...rest } = c.req.valid("param");
    const { tenantId, actor } = requireTenantInPath(c, named, "export");
    const ref = requireRef(tenantId, rest);
    await requireLivingTenant(c.env, tenantId);
    const object = await requireExportedVersion(c.env, ref);
    const answer = await answerContent(c, object, "attachment");
    recordReading(c, answer, { actor, ref, variant: "original", isExport: true });
    return answer;
  });
