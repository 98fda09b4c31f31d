import { createMiddleware } from "hono/factory";
import { TUS_VERSION } from "#contract/tus.ts";
import type { AppEnv } from "../app-env.ts";
import { formatUploadLimit } from "../uploads/ietf/fields.ts";
import { TUS_CHECKSUM_ALGORITHMS, TUS_EXTENSIONS } from "../uploads/tus/tus-headers.ts";
import { effectiveMethod } from "./effective-method.ts";

/** What the upload resources can do: said by every answer to OPTIONS, and in part by the others. */
export const uploadHeaders = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  const { headers, status } = c.res;
  const { maxUploadBytes, maxAppendBytes } = c.get("config");
  const isOptions = effectiveMethod(c.req.raw) === "OPTIONS";
  // tus 1.0: every answer but that to OPTIONS says the version.
  if (!isOptions) headers.set("Tus-Resumable", TUS_VERSION);
  // The draft, "Completeness": refused before anything knew of an upload, it is the transfer's refusal and not the file's.
  const isTus = c.req.header("Tus-Resumable") === TUS_VERSION;
  if (status >= 400 && !isTus && !headers.has("Upload-Complete")) headers.set("Upload-Complete", "?0");
  if (isOptions || status === 412) {
    headers.set("Tus-Version", TUS_VERSION);
    headers.set("Tus-Extension", TUS_EXTENSIONS);
    headers.set("Tus-Max-Size", String(maxUploadBytes));
    headers.set("Tus-Checksum-Algorithm", TUS_CHECKSUM_ALGORITHMS);
  }
  const isGeneral = isOptions || status === 413;
  const general = isGeneral
    ? formatUploadLimit({ maxSizeBytes: maxUploadBytes, expiresAtMs: null }, 0)
    : null;
  const limit = headers.get("Upload-Limit") ?? general;
  if (limit === null) return;
  // One for all uploads and one for all requests, so it is said here and nowhere else.
  headers.set("Upload-Limit", `${limit}, max-append-size=${maxAppendBytes}`);
});
