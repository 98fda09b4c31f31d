import type { FileRecord } from "#contract/api.ts";
import type { SignUrls } from "./files-api.ts";

/** Rows come by dozens while a list scrolls: their URLs are signed in one request. */
const GATHER_MS = 40;
const LIFE_SECONDS = 3600;
/** A URL is taken anew before it ends. */
const RENEW_MS = (LIFE_SECONDS - 600) * 1000;
/** Until then it is shown, though no new one could be had: its last minute is for what the browser fetches by it. */
const KEEP_MS = (LIFE_SECONDS - 60) * 1000;
const MAX_PER_REQUEST = 100;
/** What couldn't be asked for is asked for again so soon, and ever more slowly. */
const RETRY_MS = 2_000;
const SLOWEST_RETRY_MS = 60_000;

interface Kept {
  readonly url: string;
  readonly renewMs: number;
  readonly untilMs: number;
}

interface Shown {
  readonly file: FileRecord;
  readonly listeners: Set<() => void>;
  /** When a URL is to be asked for; never while one is. */
  dueMs: number;
  /** How often in a row that has failed. */
  failures: number;
}

/** Signed URLs of thumbnails, for those files that are shown. */
export interface Thumbnails {
  urlOf(file: FileRecord): string | undefined;
  /** Says that a file is shown, until the returned function is called. */
  show(file: FileRecord, listener: () => void): () => void;
}

function keyOf({ id, version }: FileRecord): string {
  return `${id}/${version}`;
}

export function hasThumbnail(file: FileRecord): boolean {
  return file.state === "clean" && file.derivatives.some(({ name }) => name === "thumbnail");
}

export function createThumbnails(sign: SignUrls): Thumbnails {
  const urls = new Map<string, Kept>();
  const shown = new Map<string, Shown>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const urlOf = (file: FileRecord) => {
    const kept = urls.get(keyOf(file));
    return kept !== undefined && kept.untilMs > Date.now() ? kept.url : undefined;
  };

  /** Waits for the first that is due. */
  function plan(): void {
    clearTimeout(timer);
    const dueMs = Math.min(...[...shown.values()].map((each) => each.dueMs));
    if (dueMs < Infinity) timer = setTimeout(() => void signDue(), Math.max(0, dueMs - Date.now()));
  }

  async function signDue(): Promise<void> {
    const due = [...shown.values()].filter(({ dueMs }) => dueMs <= Date.now());
    const batch = due.slice(0, MAX_PER_REQUEST);
    for (const each of batch) each.dueMs = Infinity;
    plan();
    if (batch.length === 0) return;
    const items = batch.map(
      ({ file: { id: fileId } }) =>
        ({ fileId, variant: "thumbnail", disposition: "inline", expiresInSeconds: LIFE_SECONDS }) as const,
    );
    const signed = await sign(items).catch(() => undefined);
    for (const [index, each] of batch.entries()) {
      if (signed === undefined) putOff(each);
      else keep(each, signed[index]);
    }
    if (signed !== undefined) askForFailed();
    plan();
  }

  function putOff(each: Shown): void {
    each.dueMs = Date.now() + Math.min(SLOWEST_RETRY_MS, RETRY_MS * 2 ** each.failures);
    each.failures += 1;
  }

  /** What can't be signed has its type's icon: for as long as a URL is kept where that was refused. */
  function keep(each: Shown, item: Awaited<ReturnType<SignUrls>>[number] | undefined): void {
    const nowMs = Date.now();
    const kept = { renewMs: nowMs + RENEW_MS, untilMs: nowMs + KEEP_MS };
    urls.set(keyOf(each.file), { url: item?.ok === true ? item.url : "", ...kept });
    each.dueMs = kept.renewMs;
    each.failures = 0;
    for (const listener of each.listeners) listener();
  }

  /** The server answers again: nothing more is to be waited for. */
  function askForFailed(): void {
    for (const each of shown.values())
      if (each.failures > 0 && each.dueMs < Infinity) each.dueMs = Date.now();
  }

  return {
    urlOf,
    show(file, listener) {
      const key = keyOf(file);
      const dueMs = urls.get(key)?.renewMs ?? 0;
      const entry = shown.get(key) ?? {
        ...{ file, listeners: new Set(), failures: 0 },
        dueMs: Math.max(dueMs, Date.now() + GATHER_MS),
      };
      shown.set(key, entry);
      entry.listeners.add(listener);
      plan();
      return () => {
        entry.listeners.delete(listener);
        if (entry.listeners.size === 0) shown.delete(key);
      };
    },
  };
}
