import { useState } from "react";
import type { FileRecord, Variant } from "#contract/api.ts";
import { useTexts } from "../use-client.ts";
import { PreviewFailure, PreviewLoading, PreviewNotice } from "./preview-notice.tsx";
import { useSignedUrl } from "./use-signed-url.ts";
import { Waveform } from "./waveform.tsx";

function has(file: FileRecord, name: Variant): boolean {
  return file.derivatives.some((derivative) => derivative.name === name);
}

/** A film in the browser's own player, with its poster. */
export function VideoView({ file }: { readonly file: FileRecord }) {
  const { preview: texts } = useTexts();
  const { loaded, again } = useSignedUrl(file.id, file.version, "original");
  const poster = useSignedUrl(file.id, file.version, has(file, "poster") ? "poster" : "thumbnail").loaded;
  const [isBroken, setBroken] = useState(false);
  if (loaded.kind === "failed") return <PreviewFailure error={loaded.error} onAgain={again} />;
  if (isBroken) return <PreviewNotice icon="video" tone="warning" title={texts.unplayable} />;
  if (loaded.kind === "loading") return <PreviewLoading />;
  return (
    // eslint-disable-next-line jsx-a11y/media-has-caption -- the file has none
    <video
      className="cw-preview-video"
      src={loaded.value}
      {...(poster.kind === "ready" ? { poster: poster.value } : {})}
      aria-label={file.filename}
      controls
      playsInline
      preload="metadata"
      onError={() => setBroken(true)}
    />
  );
}

/** A sound in the browser's own player, under what it looks like. */
export function AudioView({ file }: { readonly file: FileRecord }) {
  const { preview: texts } = useTexts();
  const { loaded, again } = useSignedUrl(file.id, file.version, "original");
  const [player, setPlayer] = useState<HTMLAudioElement | null>(null);
  const [isBroken, setBroken] = useState(false);
  if (loaded.kind === "failed") return <PreviewFailure error={loaded.error} onAgain={again} />;
  if (isBroken) return <PreviewNotice icon="audio" tone="warning" title={texts.unplayable} />;
  if (loaded.kind === "loading") return <PreviewLoading />;
  return (
    <div className="cw-preview-audio">
      {has(file, "waveform") && <Waveform file={file} player={player} />}
      {/* eslint-disable-next-line jsx-a11y/media-has-caption -- the file has none */}
      <audio
        ref={setPlayer}
        src={loaded.value}
        aria-label={file.filename}
        controls
        preload="metadata"
        onError={() => setBroken(true)}
      />
    </div>
  );
}
