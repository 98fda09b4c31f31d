import { useRef } from "react";
import { Icon } from "../icons/icon.tsx";
import { useFileTexts } from "../texts/use-file-texts.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { type Notices, useUndoKey } from "./use-notice.ts";

/** What has just been done. The region is there before there is something in it: else it isn't read. */
export function ListNotice(notices: Notices) {
  const { notice, dismiss, hold } = notices;
  const region = useRef<HTMLDivElement>(null);
  useUndoKey(region, notices);
  const { fileList: texts, common } = useFileTexts();
  const next = notice?.retry ?? notice?.undo;
  return (
    <div ref={region} className="cw-notices" role="status" aria-live="polite">
      {notice !== undefined && (
        <div
          className="cw-notice-bar"
          data-problem={notice.isProblem || undefined}
          onMouseEnter={() => hold(true)}
          onMouseLeave={() => hold(false)}
          onFocus={() => hold(true)}
          onBlur={() => hold(false)}
        >
          <Icon name={notice.isProblem ? "warning" : "ready"} />
          <span className="cw-notice-text">{notice.text}</span>
          {next !== undefined && (
            <Button
              look="link"
              aria-keyshortcuts={next === notice.undo ? "Control+Z Meta+Z" : undefined}
              onClick={() => {
                dismiss();
                next();
              }}
            >
              {notice.retry === undefined ? texts.undo : common.tryAgain}
            </Button>
          )}
          <IconButton icon="close" label={common.dismiss} onClick={dismiss} />
        </div>
      )}
    </div>
  );
}
