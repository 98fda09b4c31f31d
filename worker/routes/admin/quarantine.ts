import { createRoute } from "@hono/zod-openapi";
import { AppError } from "#contract/errors.ts";
import type { FileVersionRef } from "#contract/ids.ts";
import { QuarantinePage, QuarantineQuery, ReleaseRequest } from "#contract/quarantine.ts";
import { callerOf } from "../../middleware/actor.ts";
import type { Removal } from "../../services/purge.ts";
import { removeBlocked } from "../../services/quarantine-removal.ts";
import { getQuarantine, releaseBlocked } from "../../services/quarantine.ts";
import { sendJob } from "../../storage/jobs.ts";
import { objectStoreOf } from "../../storage/store.ts";
import { UploadClient } from "../../uploads/upload-client.ts";
import { JSON_BODY_ERRORS, openApiRouter, sessionProblems } from "../open-api.ts";
import { audiencesBefore, tell, tellOfVersion } from "../tell.ts";
import { findRef, VersionInPath } from "./version-in-path.ts";

const security = [{ bearer: [] }];

const listRoute = createRoute({
  method: "get",
  path: "/",
  operationId: "listQuarantine",
  summary: "Versions that did not pass their check, the newest first",
  description:
    "Of the caller's own tenant, for its admins: infected ones and those that can't be scanned, of files in the trash too.",
  security,
  request: { query: QuarantineQuery },
  responses: {
    200: {
      description: "A page of versions",
      content: { "application/json": { schema: QuarantinePage } },
    },
    ...sessionProblems("REQUEST_INVALID", "ROLE_REQUIRED"),
  },
});

const releaseRoute = createRoute({
  method: "post",
  path: "/{fileId}/{version}/release",
  operationId: "releaseFromQuarantine",
  summary: "Say that a blocked version is clean",
  description:
    "A person's verdict, with who and why: the version is served, and derivatives are made of it. A scan by the " +
    "signatures of the verdict that it overrules doesn't block it again; a scan by newer ones may.",
  security,
  request: {
    params: VersionInPath,
    body: { required: true, content: { "application/json": { schema: ReleaseRequest } } },
  },
  responses: {
    204: { description: "It is clean" },
    ...sessionProblems(...JSON_BODY_ERRORS, "ROLE_REQUIRED", "VERSION_NOT_FOUND", "VERSION_NOT_BLOCKED"),
  },
});

const removeRoute = createRoute({
  method: "delete",
  path: "/{fileId}/{version}",
  operationId: "removeFromQuarantine",
  summary: "Remove a blocked version for good",
  description:
    "Its bytes and its record. Where it is the current one, the newest clean one takes its place; a file without " +
    "another version goes with it.",
  security,
  request: { params: VersionInPath },
  responses: {
    204: { description: "It is gone" },
    ...sessionProblems("ROLE_REQUIRED", "VERSION_NOT_FOUND", "VERSION_NOT_BLOCKED"),
  },
});

/** What can't name a version is one that isn't there. */
function requireRef(ref: FileVersionRef | undefined): FileVersionRef {
  if (ref === undefined) throw new AppError("VERSION_NOT_FOUND");
  return ref;
}

/** `/v1/admin/quarantine`. */
export const quarantine = openApiRouter()
  .openapi(listRoute, async (c) =>
    c.json(await getQuarantine(c.env, c.get("identity"), c.req.valid("query")), 200),
  )
  .openapi(releaseRoute, async (c) => {
    const announce = (job: Parameters<typeof sendJob>[1]) => sendJob(c.env, job);
    const ref = requireRef(findRef(c, c.req.valid("param")));
    await releaseBlocked(c.env, announce, callerOf(c), ref, c.req.valid("json"), Date.now());
    const { fileId, version } = ref;
    tellOfVersion(c, ref, { type: "file.ready", data: { fileId, version } });
    return c.body(null, 204);
  })
  .openapi(removeRoute, async (c) => {
    const uploads = new UploadClient(c.env);
    const removal: Removal = { objects: objectStoreOf(c.env), endUpload: (ref) => uploads.end(ref) };
    const ref = requireRef(findRef(c, c.req.valid("param")));
    const before = await audiencesBefore(c, [ref.fileId]);
    await removeBlocked(c.env, removal, callerOf(c), ref, Date.now());
    tell(c, "file.updated", [ref.fileId], { before, ofQuota: true });
    return c.body(null, 204);
  });
