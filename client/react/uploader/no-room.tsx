import { useId } from "react";
import type { Upload } from "../../core/upload.ts";
import { Icon } from "../icons/icon.tsx";
import { Button } from "../ui/button.tsx";
import { useTexts } from "../use-client.ts";

export interface NoRoomProps {
  /** Those that the server had no room for. */
  readonly uploads: readonly Upload[];
  /** Of how many. */
  readonly of: number;
  readonly cleanUpHref: string | undefined;
  onRetry(): void;
}

/** Said once of all, however many there are; what is known before they are begun is said with what isn't added. */
export function NoRoom({ uploads, of, cleanUpHref, onRetry }: NoRoomProps) {
  const { uploader: texts } = useTexts();
  const titleId = useId();
  if (uploads.length === 0) return undefined;
  return (
    <section className="cw-notice" data-tone="danger" aria-labelledby={titleId}>
      <Icon name="warning" />
      <div>
        <h3 id={titleId}>{texts.noRoomTitle(uploads.length, of)}</h3>
        <p>{texts.noRoomHint}</p>
        <RoomActions cleanUpHref={cleanUpHref} onRetry={onRetry} />
      </div>
    </section>
  );
}

/** What can be done where there is no room. */
export function RoomActions({ cleanUpHref, onRetry }: Pick<NoRoomProps, "cleanUpHref" | "onRetry">) {
  const { uploader: texts, quota } = useTexts();
  return (
    <p className="cw-totals-actions">
      {cleanUpHref === undefined ? undefined : (
        <a className="cw-button" data-look="accent" href={cleanUpHref}>
          {quota.cleanUp}
        </a>
      )}
      <Button onClick={onRetry}>{texts.tryAgain}</Button>
    </p>
  );
}
