import { Hono } from "hono";
import type { AppEnv } from "../app-env.ts";
import { serveObject } from "../delivery/serve.ts";
import { verifySignedUrl } from "../delivery/signed-url.ts";
import { requireSignedDownload } from "../services/servable.ts";
import { r2Store } from "../storage/r2.ts";

/** `/d/<fileId>/<name>?…`: what a signed URL allows. Hono answers HEAD by the GET handler, without the body. */
export const downloads = new Hono<AppEnv>().get("/:fileId/:name", async (c) => {
  const query = new URL(c.req.url).searchParams;
  const { signingKeys } = c.get("config");
  const signed = await verifySignedUrl(c.req.param("fileId"), query, signingKeys, Date.now());
  const object = await requireSignedDownload(c.env, signed);
  return serveObject(r2Store(c.env.BUCKET), object, c.req.raw, signed.disposition);
});
