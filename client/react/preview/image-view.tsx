import { useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import { pictureOfHash } from "../files/thumb-hash.ts";
import { useTexts } from "../use-client.ts";
import { PreviewFailure, PreviewNotice } from "./preview-notice.tsx";
import { useSignedUrl } from "./use-signed-url.ts";
import { ZoomFrame } from "./zoom-frame.tsx";

interface ImageViewProps {
  readonly file: FileRecord;
  readonly variant: "original" | "optimized";
}

/** An image: as its ThumbHash until it is there. */
export function ImageView({ file, variant }: ImageViewProps) {
  const { preview: texts } = useTexts();
  const { loaded, again } = useSignedUrl(file.id, file.version, variant);
  const [isBroken, setBroken] = useState(false);
  const [isShown, setShown] = useState(false);
  if (loaded.kind === "failed") return <PreviewFailure error={loaded.error} onAgain={again} />;
  if (isBroken)
    return <PreviewNotice icon="warning" tone="warning" title={texts.undrawn} hint={texts.undrawnHint} />;
  const hash = pictureOfHash(file.properties["thumbHash"]);
  const { width, height } = file.properties;
  const ratio =
    typeof width === "number" && typeof height === "number" ? { aspectRatio: `${width} / ${height}` } : {};
  return (
    <ZoomFrame label={texts.image(file.filename)}>
      {!isShown && hash !== undefined && <img className="cw-preview-hash" src={hash} alt="" style={ratio} />}
      {!isShown && <span className="cw-hidden">{texts.loading}</span>}
      {loaded.kind === "ready" && (
        <img
          className="cw-preview-image"
          src={loaded.value}
          alt={file.filename}
          draggable={false}
          data-shown={isShown || undefined}
          onLoad={() => setShown(true)}
          onError={() => setBroken(true)}
        />
      )}
    </ZoomFrame>
  );
}
