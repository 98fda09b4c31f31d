import { createHash } from "node:crypto";

/** The store's own ETag of what was put in one piece (R2's and S3's is its MD5), by which processor and worker name bytes. */
export function storedEtagOf(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
