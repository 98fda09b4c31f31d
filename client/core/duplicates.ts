import type { FileRecord } from "#contract/api.ts";
import type { FileList } from "#contract/listing.ts";
import { apiBaseOf, getJson } from "./api-base.ts";
import type { UploadContext } from "./context.ts";
import { canHash, sha256Hex } from "./digest.ts";
import { hashFile } from "./hash-worker.ts";
import type { Slots } from "./slots.ts";
import type { UploadMeta } from "./types.ts";
import { unlessAborted } from "./wait.ts";

/** Hashing more takes longer than half a second on a usual computer, which is felt. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Of so many the browser hashes all at once, which is quicker than starting a worker. */
const AT_ONCE_BYTES = 4 * 1024 * 1024;
const DEADLINE_MS = 3_000;
/** So long nothing is asked after no answer came: what waits to be sent isn't held up by each file's deadline. */
const REST_MS = 30_000;
/** Of the same bytes; the one of the same place, if there is one, is what to tell. */
const LOOKED_AT = 5;

export interface DuplicateSearch {
  readonly file: File;
  readonly meta: UploadMeta;
  /** Ends the search without a result. */
  readonly signal: AbortSignal;
  readonly priority: () => number;
  /** Its turn has come. */
  readonly onBegin: () => void;
}

/** Resolves the file that has these bytes already, of those that the user may see. Never rejects. */
export type FindDuplicate = (search: DuplicateSearch) => Promise<FileRecord | undefined>;

async function hash(file: File, signal: AbortSignal): Promise<string> {
  if (file.size > AT_ONCE_BYTES || !canHash()) return hashFile(file, signal);
  return unlessAborted(sha256Hex(file), signal);
}

/** What is best told of those that there are. */
function choose(found: readonly FileRecord[], { entityType, entityId }: UploadMeta): FileRecord | undefined {
  const isOfPlace = (file: FileRecord) => file.entityType === entityType && file.entityId === entityId;
  return found.find(isOfPlace) ?? found.find((file) => file.entityId !== null) ?? found[0];
}

type Asking = Pick<UploadContext, "access" | "scope" | "stallTimeoutMs">;

/** Undefined where nobody can be asked: an upload's grant may not look. */
export function createDuplicateSearch(
  { access, scope, stallTimeoutMs }: Asking,
  slots: Slots,
): FindDuplicate | undefined {
  if (access.kind === "grants") return undefined;
  const { tokens } = access;
  let restsUntilMs = 0;
  const ask = async ({ file, meta }: DuplicateSearch, signal: AbortSignal) => {
    const sha256 = await hash(file, signal);
    const query = `sha256=${sha256}&scope=visible&state=clean&limit=${LOOKED_AT}`;
    const url = `${apiBaseOf(scope.endpoint)}/files?${query}`;
    const { items } = await getJson<FileList>(url, { tokens, stallTimeoutMs }, signal);
    // Whatever answers: what isn't said to be the same is sent.
    const same = items.filter((each) => each.sha256 === sha256);
    return choose(same, meta);
  };
  return async (search) => {
    const { size } = search.file;
    // What becomes a new version was chosen to be that one's.
    if (size === 0 || size > MOST_BYTES || search.meta.replaces !== undefined) return undefined;
    const over = new AbortController();
    const signal = AbortSignal.any([search.signal, over.signal]);
    if (!(await slots.hold(signal, search.priority))) return undefined;
    const timer = setTimeout(() => over.abort(), DEADLINE_MS);
    try {
      if (Date.now() < restsUntilMs) return undefined;
      search.onBegin();
      return await ask(search, signal);
    } catch {
      if (!search.signal.aborted) restsUntilMs = Date.now() + REST_MS;
      return undefined;
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  };
}
