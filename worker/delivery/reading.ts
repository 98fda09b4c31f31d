/** What of a file an answer brings: its beginning, or a part from further on. */
export type Reading = "beginning" | "later part";

/** What an answer brings of a file's bytes, as the audit counts reading. A HEAD and a 304 bring nothing. */
export function readingOf(request: Request, { status, headers }: Response): Reading | undefined {
  if (request.method !== "GET") return undefined;
  if (status === 200) return "beginning";
  if (status !== 206) return undefined;
  return headers.get("Content-Range")?.startsWith("bytes 0-") === true ? "beginning" : "later part";
}
