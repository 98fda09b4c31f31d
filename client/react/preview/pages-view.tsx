import { useEffect, useMemo, useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import { IconButton } from "../ui/button.tsx";
import { useClient, useTexts } from "../use-client.ts";
import { isNoPage, loadPage } from "./page-images.ts";
import { PreviewFailure, PreviewNotice } from "./preview-notice.tsx";
import { type Loaded, useLoaded } from "./use-loaded.ts";
import { ZoomFrame } from "./zoom-frame.tsx";

/** Pages of a document as images, one at a time. How many an Office document has is known when its end was reached. */
export function PagesView({ file }: { readonly file: FileRecord }) {
  const texts = useTexts().preview;
  const told = file.properties["pages"];
  const [page, setPage] = useState(1);
  const [last, setLast] = useState(typeof told === "number" && told > 0 ? told : undefined);
  const { files } = useClient();
  const { loaded, again } = useLoaded(`${file.id}/${file.version}/${page}`, (signal) =>
    loadPage(files, file.id, page, signal),
  );
  // The page behind the last one: go back, and say how many there are.
  if (loaded.kind === "failed" && page > 1 && isNoPage(loaded.error)) {
    setLast(page - 1);
    setPage(page - 1);
  }
  return (
    <div
      className="cw-pages"
      role="group"
      aria-label={texts.pages}
      onKeyDown={(event) => {
        if (event.key === "PageDown" && page !== last) setPage(page + 1);
        else if (event.key === "PageUp" && page > 1) setPage(page - 1);
      }}
    >
      <PageView key={page} {...{ loaded, again, page, last }} />
      <div className="cw-page-buttons">
        <IconButton
          icon="back"
          label={texts.previousPage}
          disabled={page === 1}
          onClick={() => setPage(page - 1)}
        />
        <span className="cw-page-place" role="status">
          {texts.page(page, last)}
        </span>
        <IconButton
          icon="forward"
          label={texts.nextPage}
          disabled={page === last}
          onClick={() => setPage(page + 1)}
        />
      </div>
    </div>
  );
}

interface PageViewProps {
  readonly loaded: Loaded<Blob>;
  readonly again: () => void;
  readonly page: number;
  readonly last: number | undefined;
}

function PageView({ loaded, again, page, last }: PageViewProps) {
  const texts = useTexts().preview;
  const url = useObjectUrl(loaded.kind === "ready" ? loaded.value : undefined);
  if (loaded.kind === "failed") {
    if (!isNoPage(loaded.error)) return <PreviewFailure error={loaded.error} onAgain={again} />;
    return <PreviewNotice icon="warning" tone="warning" title={texts.undrawn} hint={texts.undrawnHint} />;
  }
  if (url === undefined) return <PreviewNotice icon="clock" title={texts.drawingPage(page)} />;
  return (
    <ZoomFrame label={texts.page(page, last)}>
      <img
        className="cw-preview-image cw-page"
        src={url}
        alt={texts.page(page, last)}
        draggable={false}
        data-shown
      />
    </ZoomFrame>
  );
}

/** An address of bytes that are here, as long as it is shown. */
function useObjectUrl(blob: Blob | undefined): string | undefined {
  const url = useMemo(() => (blob === undefined ? undefined : URL.createObjectURL(blob)), [blob]);
  useEffect(() => () => void (url !== undefined && URL.revokeObjectURL(url)), [url]);
  return url;
}
