import { useState } from "react";
import type { FileRecord } from "#contract/api.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { ContentBoundary } from "./content-boundary.tsx";
import { ImageView } from "./image-view.tsx";
import { AudioView, VideoView } from "./media-view.tsx";
import { PagesView } from "./pages-view.tsx";
import { previewKindOf } from "./preview-kind.ts";
import { PreviewNotice } from "./preview-notice.tsx";
import { TextView } from "./text-views.tsx";

/** A file to look at, or in words why it can't be looked at. */
export function FileContent({ file }: { readonly file: FileRecord }) {
  const { preview: texts } = useFileTexts();
  const notice = (
    <PreviewNotice icon="warning" tone="warning" title={texts.undrawn} hint={texts.undrawnHint} />
  );
  return (
    <ContentBoundary otherwise={notice}>
      <Content file={file} />
    </ContentBoundary>
  );
}

function Content({ file }: { readonly file: FileRecord }) {
  const { preview: texts } = useFileTexts();
  const shown = previewKindOf(file);
  switch (shown.kind) {
    case "uploading":
      return <PreviewNotice icon="clock" title={texts.uploading} />;
    case "checking":
      return <PreviewNotice icon="shield" tone="busy" title={texts.checking} hint={texts.checkingHint} />;
    case "deleted":
      return <Deleted file={file} />;
    case "blocked":
      return <Blocked file={file} />;
    case "making":
      return <PreviewNotice icon="clock" tone="busy" title={texts.making} hint={texts.makingHint} />;
    case "undrawn":
      return (
        <PreviewNotice
          icon="warning"
          tone="warning"
          title={texts.undrawn}
          hint={shown.reason ?? texts.undrawnHint}
        />
      );
    case "none":
      return <PreviewNotice icon="file" title={texts.none} hint={texts.noneHint} />;
    case "image":
      return <ImageView file={file} variant={shown.variant} />;
    case "pages":
      return <PagesView file={file} />;
    case "video":
      return <VideoView file={file} />;
    case "audio":
      return <AudioView file={file} />;
    case "text":
    case "table":
    case "markdown":
      return <TextView file={file} kind={shown.kind} />;
  }
}

function Deleted({ file: { purgeAt } }: { readonly file: FileRecord }) {
  const { preview, fileList } = useFileTexts();
  const [nowMs] = useState(Date.now);
  const hint = purgeAt === null ? {} : { hint: fileList.keptUntil(new Date(purgeAt), nowMs) };
  return <PreviewNotice icon="trash" title={preview.deleted} {...hint} />;
}

function Blocked({ file: { state, verdict } }: { readonly file: FileRecord }) {
  const { preview: texts } = useFileTexts();
  const isInfected = state === "infected";
  const title = isInfected ? texts.blocked(verdict?.signatureName ?? null) : texts.unscannable;
  const reason = isInfected ? undefined : (verdict?.reason ?? undefined);
  return (
    <PreviewNotice
      icon="blocked"
      tone={isInfected ? "danger" : "warning"}
      title={title}
      hint={reason ?? texts.blockedHint}
    />
  );
}
