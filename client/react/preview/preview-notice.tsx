import type { ReactNode } from "react";
import { Icon } from "../icons/icon.tsx";
import type { IconName } from "../icons/outlines.ts";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button } from "../ui/button.tsx";
import type { Tone } from "../ui/sentence.tsx";
import { whyOf } from "../why.ts";

interface PreviewNoticeProps {
  readonly icon: IconName;
  readonly tone?: Tone;
  readonly title: string;
  readonly hint?: string;
  readonly children?: ReactNode;
}

/** A sentence in the place of a file's content. */
export function PreviewNotice({ icon, tone = "quiet", title, hint, children }: PreviewNoticeProps) {
  return (
    <div className="cw-preview-notice" role="status" data-tone={tone}>
      <Icon name={icon} />
      <p className="cw-preview-notice-title">{title}</p>
      {hint !== undefined && <p className="cw-file-minor">{hint}</p>}
      {children}
    </div>
  );
}

interface PreviewBrokenProps extends Omit<PreviewNoticeProps, "tone" | "children"> {
  readonly onAgain: () => void;
}

/** What is there and couldn't be shown, which may have been the line's fault. */
export function PreviewBroken({ onAgain, ...props }: PreviewBrokenProps) {
  const { common } = useFileTexts();
  return (
    <PreviewNotice {...props} tone="warning">
      <Button onClick={onAgain}>{common.tryAgain}</Button>
    </PreviewNotice>
  );
}

/** What couldn't be loaded, why, and a way to try it again. */
export function PreviewFailure({
  error,
  onAgain,
}: {
  readonly error: unknown;
  readonly onAgain: () => void;
}) {
  const texts = useFileTexts();
  return (
    <PreviewNotice icon="warning" tone="warning" title={texts.preview.failed(whyOf(error, texts))}>
      <Button onClick={onAgain}>{texts.common.tryAgain}</Button>
    </PreviewNotice>
  );
}

export function PreviewLoading() {
  const { preview } = useFileTexts();
  return <PreviewNotice icon="clock" title={preview.loading} />;
}
