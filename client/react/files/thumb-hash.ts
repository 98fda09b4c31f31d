import { thumbHashToDataURL } from "thumbhash";

const MAX_KEPT = 500;
const kept = new Map<string, string>();

function draw(hash: string): string {
  const bytes = Uint8Array.from(atob(hash), (letter) => letter.charCodeAt(0));
  return thumbHashToDataURL(bytes);
}

/** A picture of a picture, as a data URL; undefined of what isn't a ThumbHash. Drawn once and kept, for lists that scroll. */
export function pictureOfHash(hash: unknown): string | undefined {
  if (typeof hash !== "string") return undefined;
  const known = kept.get(hash);
  if (known !== undefined) return known;
  try {
    const url = draw(hash);
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(hash, url);
    return url;
  } catch {
    return undefined;
  }
}
