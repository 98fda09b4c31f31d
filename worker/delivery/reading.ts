/**
 * Whether an answer is somebody's reading of a file, as the audit counts it: one that brings its first bytes. A HEAD and
 * a 304 bring none; and of the many ranges in which one download may come, one begins at 0.
 */
export function isReading(request: Request, { status, headers }: Response): boolean {
  if (request.method !== "GET") return false;
  if (status === 206) return headers.get("Content-Range")?.startsWith("bytes 0-") === true;
  return status === 200;
}
