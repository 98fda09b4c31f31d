import { type SyntheticEvent, useRef, useState } from "react";
import type { FileRecord, Variant } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { PreviewBroken, PreviewFailure, PreviewLoading } from "./preview-notice.tsx";
import { useShownUrl } from "./use-shown-url.ts";
import { useSignedUrl } from "./use-signed-url.ts";
import { Waveform } from "./waveform.tsx";

function has(file: FileRecord, name: Variant): boolean {
  return file.derivatives.some((derivative) => derivative.name === name);
}

type PlayerEvent = SyntheticEvent<HTMLMediaElement>;

/** Has a player whose address has ended go on by the next one from where it was. */
function usePlace(onError: () => void) {
  const atSeconds = useRef(0);
  return {
    onLoadedData({ currentTarget }: PlayerEvent) {
      if (atSeconds.current > 0) currentTarget.currentTime = atSeconds.current;
      atSeconds.current = 0;
    },
    onError({ currentTarget }: PlayerEvent) {
      atSeconds.current = currentTarget.currentTime;
      onError();
    },
  };
}

/** A film in the browser's own player, with its poster. */
export function VideoView({ file }: { readonly file: FileRecord }) {
  const { preview: texts } = useFileTexts();
  const { loaded, again, isBroken, onError } = useShownUrl(file, "original");
  const place = usePlace(onError);
  const poster = useSignedUrl(file.id, file.version, has(file, "poster") ? "poster" : "thumbnail").loaded;
  if (loaded.kind === "failed") return <PreviewFailure error={loaded.error} onAgain={again} />;
  if (isBroken) return <PreviewBroken icon="video" title={texts.unplayable} onAgain={again} />;
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
      {...place}
    />
  );
}

/** A sound in the browser's own player, under what it looks like. */
export function AudioView({ file }: { readonly file: FileRecord }) {
  const { preview: texts } = useFileTexts();
  const { loaded, again, isBroken, onError } = useShownUrl(file, "original");
  const place = usePlace(onError);
  const [player, setPlayer] = useState<HTMLAudioElement | null>(null);
  if (loaded.kind === "failed") return <PreviewFailure error={loaded.error} onAgain={again} />;
  if (isBroken) return <PreviewBroken icon="audio" title={texts.unplayable} onAgain={again} />;
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
        {...place}
      />
    </div>
  );
}
