import type { FileRecord } from "#contract/api.ts";
import type { FileList } from "#contract/listing.ts";
import { apiBaseOf, getJson } from "./api-base.ts";
import type { UploadContext } from "./context.ts";
import { canHash, sha256Hex } from "./digest.ts";
import { classifyFailure } from "./failure.ts";
import { hashFile } from "./hash-worker.ts";
import type { Slots } from "./slots.ts";
import type { UploadMeta } from "./types.ts";
import { unlessAborted, wait, within } from "./wait.ts";

/** Hashing more takes longer than half a second on a usual computer, which is felt. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Of so many the browser hashes all at once, which is quicker than starting a worker. */
const AT_ONCE_BYTES = 4 * 1024 * 1024;
/** Reading may take that long where a file is on another machine; then it is sent without having been looked for. */
const HASHING_MS = 10_000;
const ANSWER_MS = 3_000;
/** So long nothing is asked after the server gave none: what waits to be sent isn't held up by each file's deadline. */
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

/** Whether the others would fare no better: nobody answered in time, too many asked, or the server is out of order. */
function isServers(error: unknown): boolean {
  const failure = classifyFailure(error, Date.now());
  if (failure.kind === "temporary") return failure.problem.status >= 500;
  return failure.kind === "connection" || failure.kind === "busy";
}

/** What is best told of those that there are. */
function choose(found: readonly FileRecord[], meta: UploadMeta): FileRecord | undefined {
  const { entityType = null, entityId = null } = meta;
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
  const ask = async (sha256: string, signal: AbortSignal) => {
    const query = `sha256=${sha256}&scope=visible&state=clean&limit=${LOOKED_AT}`;
    const url = `${apiBaseOf(scope.endpoint)}/files?${query}`;
    const asking = getJson<FileList>(url, { tokens, stallTimeoutMs }, signal);
    try {
      const { items } = await within(asking, ANSWER_MS);
      // Whatever answers: what isn't said to be the same is sent.
      return items.filter((each) => each.sha256 === sha256);
    } catch (error) {
      if (!signal.aborted && isServers(error)) restsUntilMs = Date.now() + REST_MS;
      throw error;
    }
  };
  return async (search) => {
    const { file, meta } = search;
    const { size } = file;
    // What becomes a new version was chosen to be that one's.
    if (size === 0 || size > MOST_BYTES || meta.replaces !== undefined) return undefined;
    const rests = () => Date.now() < restsUntilMs;
    const find = async (signal: AbortSignal) => {
      // In a task of its own: thousands may wait, and all in one go they would keep the page from drawing.
      if (rests()) return void (await wait(0, signal));
      search.onBegin();
      const sha256 = await within(hash(file, signal), HASHING_MS);
      return rests() ? undefined : choose(await ask(sha256, signal), meta);
    };
    return slots.during(search.signal, search.priority, find).catch(() => undefined);
  };
}
