import { z } from "zod";

/** What every target's metadata has: a copy can be told without the records. */
const SHA256_NAME = "sha256";

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Metadata of a copy. */
export function formatMetadata(sha256: string): Record<string, string> {
  return { [SHA256_NAME]: sha256 };
}

export interface CopyMetadata {
  readonly sha256: string | undefined;
}

/** What another wrote under this name counts for nothing. */
export function parseMetadata(metadata: Readonly<Record<string, unknown>> = {}): CopyMetadata {
  return { sha256: Sha256.safeParse(metadata[SHA256_NAME]).data };
}
