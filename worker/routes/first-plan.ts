import { getPath } from "hono/utils/url";

/**
 * The first plan's paths (R13), each answered by the route that took its place, with nothing in between: a redirect
 * would lose a body that is streamed.
 */

const FILES = /^\/api(\/v1\/files)(\/.*)?$/;
const DOWNLOAD = /^(\/[^/]+)\/download$/;

/** The path that a request is routed by. */
export function routingPath(request: Request): string {
  const path = getPath(request);
  const [, files, rest = ""] = FILES.exec(path) ?? [];
  if (files === undefined) return path;
  if (rest === "/upload" && request.method === "POST") return files;
  return `${files}${rest.replace(DOWNLOAD, "$1/content")}`;
}
