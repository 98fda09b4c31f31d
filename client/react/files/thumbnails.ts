import type { FileRecord } from "#contract/api.ts";
import type { SignUrls } from "./files-api.ts";

/** Rows come by dozens while a list scrolls: their URLs are signed in one request. */
const GATHER_MS = 40;
const LIFE_SECONDS = 3600;
/** A URL is taken anew before it ends. */
const KEEP_MS = (LIFE_SECONDS - 600) * 1000;
const MAX_PER_REQUEST = 100;
/** What couldn't be asked for is asked for again so soon, and ever more slowly. */
const RETRY_MS = 2_000;
const SLOWEST_RETRY_MS = 60_000;

interface Kept {
  readonly url: string;
  readonly untilMs: number;
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
  const shown = new Map<string, { readonly file: FileRecord; readonly listeners: Set<() => void> }>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retryMs = RETRY_MS;

  const urlOf = (file: FileRecord) => {
    const kept = urls.get(keyOf(file));
    return kept !== undefined && kept.untilMs > Date.now() ? kept.url : undefined;
  };

  /** What can't be signed has its type's icon: for as long as a URL is kept where that was refused. */
  async function signShown(): Promise<void> {
    timer = undefined;
    const wanted = [...shown.values()].map(({ file }) => file).filter((file) => urlOf(file) === undefined);
    const batch = wanted.slice(0, MAX_PER_REQUEST);
    if (batch.length === 0) return;
    const items = batch.map(
      ({ id: fileId }) =>
        ({ fileId, variant: "thumbnail", disposition: "inline", expiresInSeconds: LIFE_SECONDS }) as const,
    );
    const signed = await sign(items).catch(() => undefined);
    if (signed === undefined) {
      gather(retryMs);
      retryMs = Math.min(SLOWEST_RETRY_MS, retryMs * 2);
      return;
    }
    retryMs = RETRY_MS;
    const untilMs = Date.now() + KEEP_MS;
    for (const [index, file] of batch.entries()) {
      const item = signed[index];
      urls.set(keyOf(file), { url: item?.ok === true ? item.url : "", untilMs });
      for (const listener of shown.get(keyOf(file))?.listeners ?? []) listener();
    }
    if (wanted.length > batch.length) gather();
  }

  function gather(delayMs = GATHER_MS): void {
    timer ??= setTimeout(() => void signShown(), delayMs);
  }

  return {
    urlOf,
    show(file, listener) {
      const key = keyOf(file);
      const entry = shown.get(key) ?? { file, listeners: new Set() };
      shown.set(key, entry);
      entry.listeners.add(listener);
      if (urlOf(file) === undefined) gather();
      return () => {
        entry.listeners.delete(listener);
        if (entry.listeners.size === 0) shown.delete(key);
      };
    },
  };
}
