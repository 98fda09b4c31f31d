import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import type { Upload } from "../../core/upload.ts";
import { useTexts } from "../use-client.ts";
import type { Checks } from "./checks.ts";
import type { Names } from "./duplicates.tsx";
import { UploadRow } from "./upload-row.tsx";

const USUAL_ROW_PIXELS = 72;
const ROWS_BEYOND_VIEW = 4;

export interface UploadListProps {
  readonly uploads: readonly Upload[];
  readonly checks: Checks;
  readonly names: Names;
  onRemove(upload: Upload): void;
  onRetry(upload: Upload): void;
}

/** Uploads have no id before the server knows them; their rows have, so that each stays the one it is. */
function createKeys(): (upload: Upload) => number {
  const keys = new WeakMap<Upload, number>();
  let last = 0;
  return (upload) => {
    const known = keys.get(upload);
    if (known !== undefined) return known;
    last += 1;
    keys.set(upload, last);
    return last;
  };
}

/** The rows that are in view, of however many there are. */
export function UploadList({ uploads, checks, names, onRemove, onRetry }: UploadListProps) {
  const texts = useTexts();
  const scroller = useRef<HTMLDivElement>(null);
  const [keyOf] = useState(createKeys);
  // oxlint-disable-next-line react/incompatible-library -- what it returns is read here, and memoized nowhere
  const virtual = useVirtualizer({
    count: uploads.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => USUAL_ROW_PIXELS,
    // Until it is measured: the first rows are there with the first drawing.
    initialRect: { width: 0, height: 10 * USUAL_ROW_PIXELS },
    overscan: ROWS_BEYOND_VIEW,
    getItemKey: (index) => {
      const upload = uploads[index];
      return upload === undefined ? -1 : keyOf(upload);
    },
  });
  return (
    <div className="cw-upload-list" ref={scroller}>
      <ul style={{ blockSize: virtual.getTotalSize() }} aria-label={texts.uploader.list}>
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const upload = uploads[index];
          return upload === undefined ? undefined : (
            <li
              key={key}
              data-index={index}
              ref={virtual.measureElement}
              style={{ transform: `translateY(${start}px)` }}
              aria-setsize={uploads.length}
              aria-posinset={index + 1}
            >
              <UploadRow
                upload={upload}
                checks={checks}
                names={names}
                onRemove={onRemove}
                onRetry={onRetry}
              />
            </li>
          );
        })}
      </ul>
    </div>
  );
}
