import type { FileRecord } from "#contract/api.ts";
import type { CausewayClient } from "../client.ts";
import type { SignUrls } from "./files-api.ts";

/** Browsers take what is clicked in one moment for one download. */
const BETWEEN_MS = 250;
const LIFE_SECONDS = 300;
/** A browser has begun with an address by then. */
const REVOKE_MS = 60_000;

function save(url: string, filename: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  link.click();
}

function later(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, BETWEEN_MS);
  });
}

/** Saves files by signed URLs, one after the other. Returns the names of those that could not be. Throws `ApiError` where none can be asked. */
export async function download(sign: SignUrls, files: readonly FileRecord[]): Promise<readonly string[]> {
  const signed = await sign(files.map(({ id }) => ({ fileId: id, expiresInSeconds: LIFE_SECONDS })));
  const there = files.flatMap(({ filename }, index) => {
    const item = signed[index];
    return item?.ok === true ? [{ url: item.url, filename }] : [];
  });
  for (const [index, { url, filename }] of there.entries()) {
    if (index > 0) await later();
    save(url, filename);
  }
  return files.filter((_, index) => signed[index]?.ok !== true).map(({ filename }) => filename);
}

/** Saves one version of a file, which no signed URL is for: the browser holds it meanwhile. Throws `ApiError`. */
export async function saveVersion(
  versions: Pick<CausewayClient["versions"], "content">,
  { id, filename }: Pick<FileRecord, "id" | "filename">,
  version: number,
): Promise<void> {
  const answer = await versions.content(id, version);
  const url = URL.createObjectURL(await answer.blob());
  save(url, filename);
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_MS);
}
