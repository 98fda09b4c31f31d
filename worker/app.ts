import { LIVE_PATH } from "#contract/live.ts";
import { REPORTS_PATH } from "#contract/reports.ts";
import { UPLOADS_PATH } from "#contract/tus.ts";
import { authenticate, authenticateFiles } from "./middleware/authenticate-grants.ts";
import { configuration } from "./middleware/configuration.ts";
import { cors } from "./middleware/cors.ts";
import { jsonBodies } from "./middleware/json-bodies.ts";
import { methodNotAllowed } from "./middleware/method-not-allowed.ts";
import { answerError, answerNotFound } from "./middleware/problem.ts";
import { releaseBody } from "./middleware/release-body.ts";
import { requestId } from "./middleware/request-id.ts";
import { securityHeaders } from "./middleware/security-headers.ts";
import { tenant } from "./middleware/tenant.ts";
import { uploadHeaders } from "./middleware/upload-headers.ts";
import { admin } from "./routes/admin.ts";
import { apiDocument } from "./routes/api-document.ts";
import { derivatives } from "./routes/derivatives.ts";
import { dev } from "./routes/dev.ts";
import { docs } from "./routes/docs.ts";
import { downloads } from "./routes/downloads.ts";
import { entities } from "./routes/entities.ts";
import { entityGrants } from "./routes/entity-grants.ts";
import { fileChanges } from "./routes/file-changes.ts";
import { files } from "./routes/files.ts";
import { routingPath } from "./routes/first-plan.ts";
import { health, ready } from "./routes/health.ts";
import { live } from "./routes/live.ts";
import { openApiRouter } from "./routes/open-api.ts";
import { publicFiles } from "./routes/public-files.ts";
import { quota } from "./routes/quota.ts";
import { reports } from "./routes/reports.ts";
import { shareLinks } from "./routes/share-links.ts";
import { sharePages } from "./routes/share-pages.ts";
import { shares } from "./routes/shares.ts";
import { signedUrls } from "./routes/signed-urls.ts";
import { uploadGrants } from "./routes/upload-grants.ts";
import { uploadRules } from "./routes/upload-rules.ts";
import { uploads } from "./routes/uploads.ts";
import { versions } from "./routes/versions.ts";

/** What takes a session or a service's token. Uploads take grants of both kinds too, and see to it themselves. */
const SESSION_PATHS = ["/v1/upload-grants/*", "/v1/entity-grants/*", "/v1/quota"];

/** What takes an entity grant in its place too. */
const FILE_PATHS = ["/v1/files/*", "/v1/signed-urls", "/v1/entities/*", "/v1/live/tickets"];

/** What admins do with versions: nothing of it while their tenant is being erased. */
const PROCESSING_PATHS = [
  "/v1/admin/failed-jobs/*",
  "/v1/admin/quarantine/*",
  "/v1/admin/replicas/*",
  "/v1/admin/rescans/*",
];

/** The whole API on one screen. */
export const app = openApiRouter({ getPath: routingPath });

app.onError(answerError);
app.notFound(answerNotFound);

app.use(securityHeaders, requestId, configuration, releaseBody);
app.use(`${UPLOADS_PATH}/*`, uploadHeaders);
app.use(cors, methodNotAllowed(app));
for (const path of SESSION_PATHS) app.use(path, authenticate, tenant);
for (const path of FILE_PATHS) app.use(path, authenticateFiles, tenant);
// What is asked about an erasure is answered while it is going on.
app.use("/v1/admin/*", authenticate);
for (const path of PROCESSING_PATHS) app.use(path, tenant);

// What takes files, and what reads its bodies itself.
app.route(UPLOADS_PATH, uploads);
app.route("/v1/files", files);
app.route("/s", sharePages);
app.route(REPORTS_PATH, reports);

app.use(jsonBodies);
app.route("/v1/files", shares);
app.route("/v1/files", shareLinks);
app.route("/v1/files", fileChanges);
app.route("/v1/files", versions);
app.route("/v1/files", derivatives);
app.route("/v1/entities", entities);
app.route("/v1/signed-urls", signedUrls);
app.route("/v1/upload-grants", uploadGrants);
app.route("/v1/entity-grants", entityGrants);
app.route("/v1/upload-rules", uploadRules);
app.route("/v1/quota", quota);
app.route(LIVE_PATH, live);
app.route("/v1/admin", admin);
app.route("/d", downloads);
app.route("/p", publicFiles);
app.route("/health", health);
app.route("/ready", ready);
app.route("/v1/dev", dev);

app.route("/docs", docs);
app.get("/openapi.json", apiDocument(app));
