import { Hono } from "hono";
import type { AppContext, AppEnv } from "../app-env.ts";
import { isReading } from "../delivery/reading.ts";
import { serveObject } from "../delivery/serve.ts";
import type { SignedDownload } from "../delivery/signed-url.ts";
import { verifySignedUrl } from "../delivery/signed-url.ts";
import { recordRead } from "../services/audit.ts";
import { requireSignedDownload } from "../services/servable.ts";
import { r2Store } from "../storage/r2.ts";

/** Whoever holds a signed URL isn't known: the URL is. */
function recordSignedRead(c: AppContext, signed: SignedDownload, answer: Response): void {
  if (!isReading(c.req.raw, answer)) return;
  const { tenantId, fileId, version, variant } = signed;
  const actor = { tenantId, id: "signed-url", kind: "signed-url", requestId: c.get("requestId") } as const;
  const read = { actor, fileId, version, detail: { variant }, atMs: Date.now() };
  c.executionCtx.waitUntil(recordRead(c.env, read, true));
}

/** `/d/<fileId>/<name>?…`: what a signed URL allows. Hono answers HEAD by the GET handler, without the body. */
export const downloads = new Hono<AppEnv>().get("/:fileId/:name", async (c) => {
  const query = new URL(c.req.url).searchParams;
  const { signingKeys } = c.get("config");
  const signed = await verifySignedUrl(c.req.param("fileId"), query, signingKeys, Date.now());
  const object = await requireSignedDownload(c.env, signed);
  const answer = await serveObject(r2Store(c.env.BUCKET), object, c.req.raw, signed.disposition);
  recordSignedRead(c, signed, answer);
  return answer;
});
