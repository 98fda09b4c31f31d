import { useCallback, useState, useSyncExternalStore } from "react";
import type { FileRecord } from "#contract/api.ts";
import { Icon } from "../icons/icon.tsx";
import { iconOfType } from "../icons/outlines.ts";
import { pictureOfHash } from "./thumb-hash.ts";
import { hasThumbnail, type Thumbnails } from "./thumbnails.ts";

/** What is a picture by itself; of all others the thumbnail is of a page, which begins at its top. */
const PICTURES = /^(image|video|audio)\//;
const nothing = () => () => undefined;

function useThumbnail(file: FileRecord, thumbnails: Thumbnails): string | undefined {
  const isThere = hasThumbnail(file);
  const subscribe = useCallback(
    (listener: () => void) => thumbnails.show(file, listener),
    [thumbnails, file],
  );
  const url = useSyncExternalStore(isThere ? subscribe : nothing, () =>
    isThere ? thumbnails.urlOf(file) : undefined,
  );
  return url === "" ? undefined : url;
}

interface FilePictureProps {
  readonly file: FileRecord;
  readonly thumbnails: Thumbnails;
}

/** What a file looks like: first as its ThumbHash, then as its thumbnail; its type's icon where there is neither. */
export function FilePicture({ file, thumbnails }: FilePictureProps) {
  const url = useThumbnail(file, thumbnails);
  const [broken, setBroken] = useState<string>();
  const [loaded, setLoaded] = useState<string>();
  const hash = file.state === "clean" ? pictureOfHash(file.properties["thumbHash"]) : undefined;
  const hasImage = url !== undefined && url !== broken;
  return (
    <span
      className="cw-file-picture"
      data-has-image={hasImage || hash !== undefined || undefined}
      data-is-page={!PICTURES.test(file.mimeType) || undefined}
    >
      {hash !== undefined && loaded !== url && <img className="cw-file-hash" src={hash} alt="" />}
      {hasImage && (
        <img
          className="cw-file-thumbnail"
          src={url}
          alt=""
          decoding="async"
          onError={() => setBroken(url)}
          onLoad={() => setLoaded(url)}
        />
      )}
      {!hasImage && hash === undefined && <Icon name={iconOfType(file.mimeType)} />}
    </span>
  );
}
