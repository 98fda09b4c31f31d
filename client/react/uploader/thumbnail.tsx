import { useEffect, useRef, useState } from "react";
import { Icon } from "../icons/icon.tsx";
import { iconOfType } from "../icons/outlines.ts";

const EDGE_PIXELS = 80;
/** A larger photo would hold more memory while it is decoded than its picture is worth. */
const MAX_BYTES = 40 * 1024 * 1024;
const DRAWABLE = /^image\/(jpeg|png|gif|webp|avif|bmp)$/;

type Decode = (file: File, signal: AbortSignal) => Promise<ImageBitmap | undefined>;

/** Decodes one after the other: several photos at once would take the memory of all of them. */
function createDecoder(): Decode {
  let last: Promise<unknown> = Promise.resolve();
  return (file, signal) => {
    const decoded = last.then(async () => {
      if (signal.aborted) return undefined;
      // One edge alone: the other follows the picture's shape. What can't be decoded has its icon.
      const options = { resizeWidth: EDGE_PIXELS, resizeQuality: "medium" } as const;
      return createImageBitmap(file, options).catch(() => undefined);
    });
    last = decoded;
    return decoded;
  };
}

const decode = createDecoder();

function draw(canvas: HTMLCanvasElement, bitmap: ImageBitmap): void {
  const scale = EDGE_PIXELS / Math.min(bitmap.width, bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  const context = canvas.getContext("2d");
  context?.drawImage(bitmap, (EDGE_PIXELS - width) / 2, (EDGE_PIXELS - height) / 2, width, height);
}

/** A small picture of an image file that is still on this device, or its type's icon. */
export function Thumbnail({ file }: { readonly file: File }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [isDrawn, setIsDrawn] = useState(false);
  useEffect(() => {
    if (!DRAWABLE.test(file.type) || file.size > MAX_BYTES) return undefined;
    const controller = new AbortController();
    void decode(file, controller.signal).then((bitmap) => {
      if (bitmap !== undefined && canvas.current !== null && !controller.signal.aborted) {
        draw(canvas.current, bitmap);
        setIsDrawn(true);
      }
      bitmap?.close();
    });
    return () => controller.abort();
  }, [file]);
  return (
    <span className="cw-picture" aria-hidden="true">
      {isDrawn ? undefined : <Icon name={iconOfType(file.type)} />}
      <canvas ref={canvas} width={EDGE_PIXELS} height={EDGE_PIXELS} hidden={!isDrawn} />
    </span>
  );
}
