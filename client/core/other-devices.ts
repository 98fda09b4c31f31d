import type { FileList } from "#contract/listing.ts";
import { apiBaseOf, getJson } from "./api-base.ts";
import { fileIdOf, type UploadContext } from "./context.ts";
import { discardUpload } from "./discard.ts";
import type { RemoteUpload } from "./types.ts";

const TIMEOUT_MS = 30_000;

/**
 * This user's unfinished uploads that this device knows nothing of, the newest first. They can be deleted and not continued:
 * nothing on the server tells what their bytes are.
 * @throws what `getJson` throws
 */
export async function findOnOtherDevices(
  context: UploadContext,
  own: ReadonlySet<string | undefined>,
): Promise<readonly RemoteUpload[]> {
  const { access, scope, store, stallTimeoutMs } = context;
  if (access.kind === "grants") return [];
  const { tokens } = access;
  const url = `${apiBaseOf(scope.endpoint)}/files?state=uploading&scope=own&limit=200`;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { items } = await getJson<FileList>(url, { tokens, stallTimeoutMs }, signal);
  const known = new Set((await store.list()).map((point) => fileIdOf(point.url)));
  return items
    .filter(({ id }) => !known.has(id) && !own.has(id))
    .map(({ id, filename, sizeBytes, createdAt, entityType, entityId }) => ({
      id,
      filename,
      sizeBytes: sizeBytes ?? undefined,
      startedAtMs: Date.parse(createdAt),
      entityType: entityType ?? undefined,
      entityId: entityId ?? undefined,
      discard: () => discardUpload(`${scope.endpoint}/${id}`, { tokens, stallTimeoutMs }),
    }));
}
