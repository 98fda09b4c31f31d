import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { useShared } from "../use-client.ts";
import { Button } from "./button.tsx";
import { useRootProps } from "./root.tsx";

export interface ConfirmDialogProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly keep: string;
  readonly confirm: string;
  onAnswer(isConfirmed: boolean): void;
}

/**
 * Asks before something is lost; Escape means no. It is the browser's own dialog, which keeps the focus within and
 * gives it back: a library's would be half of what the uploader weighs.
 */
export function ConfirmDialog({ title, children, keep, confirm, onAnswer }: ConfirmDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const bodyId = useId();
  const root = useRootProps();
  const { language } = useShared();
  // Closed before it is taken off the page: after that the browser gives the focus back to nothing.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      lang={language}
      {...root}
      className={`${root.className} cw-dialog`}
      aria-labelledby={titleId}
      aria-describedby={bodyId}
      onCancel={(event) => {
        event.preventDefault();
        onAnswer(false);
      }}
    >
      <h2 id={titleId}>{title}</h2>
      <div id={bodyId}>{children}</div>
      <div className="cw-dialog-buttons">
        <Button onClick={() => onAnswer(false)}>{keep}</Button>
        <Button look="danger" onClick={() => onAnswer(true)}>
          {confirm}
        </Button>
      </div>
    </dialog>
  );
}
