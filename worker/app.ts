import { REPORTS_PATH } from "#contract/reports.ts";
import { UPLOADS_PATH } from "#contract/tus.ts";
import { configuration } from "./middleware/configuration.ts";
import { cors } from "./middleware/cors.ts";
import { answerError, answerNotFound } from "./middleware/problem.ts";
import { requestId } from "./middleware/request-id.ts";
import { uploadHeaders } from "./middleware/upload-headers.ts";
import { admin } from "./routes/admin.ts";
import { dev } from "./routes/dev.ts";
import { downloads } from "./routes/downloads.ts";
import { files } from "./routes/files.ts";
import { health } from "./routes/health.ts";
import { openApiRouter } from "./routes/open-api.ts";
import { reports } from "./routes/reports.ts";
import { signedUrls } from "./routes/signed-urls.ts";
import { uploadGrants } from "./routes/upload-grants.ts";
import { uploads } from "./routes/uploads.ts";

/** The whole API on one screen. */
export const app = openApiRouter();

app.onError(answerError);
app.notFound(answerNotFound);

app.use(requestId, configuration);
app.use(`${UPLOADS_PATH}/*`, uploadHeaders);
app.use(cors);

app.route(UPLOADS_PATH, uploads);
app.route("/v1/files", files);
app.route("/v1/signed-urls", signedUrls);
app.route("/v1/upload-grants", uploadGrants);
app.route("/v1/admin", admin);
app.route("/d", downloads);
app.route(REPORTS_PATH, reports);
app.route("/health", health);
app.route("/v1/dev", dev);

app.doc31("/openapi.json", {
  openapi: "3.1.0",
  info: { title: "Causeway", version: "0.1.0" },
});
