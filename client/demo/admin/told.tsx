import { useEffect, useRef, useState } from "react";
import { Icon } from "../../react/icons/icon.tsx";
import { useTexts } from "../../react/index.ts";
import { IconButton } from "../../react/ui/button.tsx";

/** What has just been done, or wasn't. */
export interface Told {
  readonly text: string;
  readonly isProblem: boolean;
  /** Whether it takes the focus, which what it is about had. */
  readonly takesFocus?: boolean;
}

/** What is told on a page, the newest alone, until it is dismissed or something else is. */
export function useTold() {
  const [told, setTold] = useState<Told>();
  return {
    told,
    tell: (text: string) => setTold({ text, isProblem: false }),
    /** In place of what was settled, which the focus was in. */
    tellInPlace: (text: string, isProblem = false) => setTold({ text, isProblem, takesFocus: true }),
    complain: (text: string) => setTold({ text, isProblem: true }),
    dismiss: () => setTold(undefined),
  };
}

interface ToldLineProps {
  readonly told: Told | undefined;
  readonly onDismiss: () => void;
}

/** The region is there before there is something in it: else it isn't read. */
export function ToldLine({ told, onDismiss }: ToldLineProps) {
  const { common } = useTexts();
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (told?.takesFocus === true) notice.current?.focus();
  }, [told]);
  return (
    <div role="status" className="told">
      {told !== undefined && (
        <div
          className="cw-notice"
          ref={notice}
          tabIndex={-1}
          data-tone={told.isProblem ? "danger" : undefined}
        >
          <Icon name={told.isProblem ? "warning" : "ready"} />
          <p>{told.text}</p>
          <IconButton icon="close" label={common.dismiss} onClick={onDismiss} />
        </div>
      )}
    </div>
  );
}
