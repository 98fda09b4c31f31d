import { Icon } from "../icons/icon.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { useTexts } from "../use-client.ts";
import type { Notices } from "./use-notice.ts";

/** What has just been done. The region is there before there is something in it: else it isn't read. */
export function ListNotice({ notice, dismiss, hold }: Notices) {
  const { fileList: texts, common } = useTexts();
  return (
    <div className="cw-notices" role="status" aria-live="polite">
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
          {notice.undo !== undefined && (
            <Button
              look="link"
              onClick={() => {
                dismiss();
                notice.undo?.();
              }}
            >
              {texts.undo}
            </Button>
          )}
          <IconButton icon="close" label={common.dismiss} onClick={dismiss} />
        </div>
      )}
    </div>
  );
}
