import type { FileRecord } from "#contract/api.ts";
import type { SignUrls } from "./files-api.ts";

/** Browsers take what is clicked in one moment for one download. */
const BETWEEN_MS = 250;
const LIFE_SECONDS = 300;

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

/** Saves files by signed URLs, one after the other. Returns how many could not be. Throws `ApiError` where none can be asked. */
export async function download(sign: SignUrls, files: readonly FileRecord[]): Promise<number> {
  const signed = await sign(files.map(({ id }) => ({ fileId: id, expiresInSeconds: LIFE_SECONDS })));
  const there = files.flatMap(({ filename }, index) => {
    const item = signed[index];
    return item?.ok === true ? [{ url: item.url, filename }] : [];
  });
  for (const [index, { url, filename }] of there.entries()) {
    if (index > 0) await later();
    save(url, filename);
  }
  return files.length - there.length;
}
