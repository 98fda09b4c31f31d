import { useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import { pictureOfHash } from "../files/thumb-hash.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { PreviewBroken, PreviewFailure } from "./preview-notice.tsx";
import { useShownUrl } from "./use-shown-url.ts";
import { ZoomFrame } from "./zoom-frame.tsx";

interface ImageViewProps {
  readonly file: FileRecord;
  readonly variant: "original" | "optimized";
}

/** As large as the image will be, so that nothing moves when it comes. */
function sizeOf({ derivatives, properties }: FileRecord, variant: ImageViewProps["variant"]) {
  const made = derivatives.find(({ name }) => name === variant);
  const { width, height } = made ?? properties;
  if (typeof width !== "number" || typeof height !== "number") return {};
  return { width, height, style: { aspectRatio: `${width} / ${height}` } };
}

/** An image: as its ThumbHash until it is there. */
export function ImageView({ file, variant }: ImageViewProps) {
  const { preview: texts } = useFileTexts();
  const { loaded, again, isBroken, onError } = useShownUrl(file, variant);
  const [isShown, setShown] = useState(false);
  if (loaded.kind === "failed") return <PreviewFailure error={loaded.error} onAgain={again} />;
  if (isBroken)
    return <PreviewBroken icon="warning" title={texts.undrawn} hint={texts.undrawnHint} onAgain={again} />;
  const hash = pictureOfHash(file.properties["thumbHash"]);
  return (
    <ZoomFrame label={texts.image(file.filename)}>
      {!isShown && hash !== undefined && (
        <img className="cw-preview-hash" src={hash} alt="" {...sizeOf(file, variant)} />
      )}
      {!isShown && <span className="cw-hidden">{texts.loading}</span>}
      {loaded.kind === "ready" && (
        <img
          className="cw-preview-image"
          src={loaded.value}
          alt={file.filename}
          draggable={false}
          data-shown={isShown || undefined}
          onLoad={() => setShown(true)}
          onError={onError}
        />
      )}
    </ZoomFrame>
  );
}
