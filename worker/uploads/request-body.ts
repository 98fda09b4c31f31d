import { parseHeaderInteger } from "#contract/tus.ts";

/** How many bytes a request's body says it has: 0 without a body, null for one that doesn't tell (chunked). */
export function bodyBytesOf(request: Request): number | null {
  if (request.body === null) return 0;
  const header = request.headers.get("Content-Length");
  return header === null ? null : (parseHeaderInteger(header) ?? null);
}
