import { z } from "zod";

/** S3 takes 2 KB of metadata in all; SHA-256 and names take some of it. */
const MAX_TAGS_BYTES = 1_500;

const Tags = z.record(z.string(), z.string());

/** What every target's metadata has: a copy can be told, and its file described, without the records. */
export const COPY_METADATA_NAMES = { sha256: "sha256", tags: "tags" } as const;

/**
 * Metadata of a copy. Tags are one value, percent-encoded JSON, as metadata are headers; those that don't fit into what S3
 * takes are left to the records.
 */
export function formatMetadata(
  sha256: string,
  tags: Readonly<Record<string, string>>,
): Record<string, string> {
  const encoded = encodeURIComponent(JSON.stringify(tags));
  const hasTags = Object.keys(tags).length > 0 && encoded.length <= MAX_TAGS_BYTES;
  return {
    [COPY_METADATA_NAMES.sha256]: sha256,
    ...(hasTags ? { [COPY_METADATA_NAMES.tags]: encoded } : {}),
  };
}

export interface CopyMetadata {
  readonly sha256: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

/** What another wrote under these names counts for nothing. */
export function parseMetadata(metadata: Readonly<Record<string, unknown>> = {}): CopyMetadata {
  const sha256 = z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .safeParse(metadata[COPY_METADATA_NAMES.sha256]);
  return { sha256: sha256.data, tags: parseTags(metadata[COPY_METADATA_NAMES.tags]) };
}

function parseTags(encoded: unknown): Readonly<Record<string, string>> {
  if (typeof encoded !== "string") return {};
  try {
    return Tags.safeParse(JSON.parse(decodeURIComponent(encoded))).data ?? {};
  } catch {
    return {};
  }
}
