import { createHash } from "node:crypto";
import type { CopyBody } from "./target.ts";

/** SHA-256 (hexadecimal) of what a target gives back: for copies whose target keeps no checksum of the whole. */
export async function hashBody({ body }: CopyBody): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of body) hash.update(chunk);
  return hash.digest("hex");
}
