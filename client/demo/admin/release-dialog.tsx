import { type SubmitEvent, useId, useState } from "react";
import { Button } from "../../react/ui/button.tsx";
import { Modal } from "../../react/ui/modal.tsx";
import { useTexts } from "../texts/use-texts.ts";

/** Of a reason, as the server takes it. */
const MIN_LENGTH = 3;
const MAX_LENGTH = 500;

interface ReleaseDialogProps {
  readonly filename: string;
  readonly onRelease: (reason: string) => void;
  readonly onClose: () => void;
}

/** Tells what releasing a file means, and asks why it is harmless. */
export function ReleaseDialog({ filename, onRelease, onClose }: ReleaseDialogProps) {
  const { quarantine: texts } = useTexts().admin;
  const id = useId();
  const [reason, setReason] = useState("");
  const isReason = reason.trim().length >= MIN_LENGTH;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (isReason) onRelease(reason.trim());
  };
  return (
    <Modal title={texts.releaseTitle(filename)} onClose={onClose}>
      <p>{texts.releaseMeaning}</p>
      <form className="release" onSubmit={submit}>
        <label htmlFor={id}>{texts.reasonLabel}</label>
        <textarea
          id={id}
          rows={3}
          required
          maxLength={MAX_LENGTH}
          value={reason}
          aria-describedby={`${id}-hint`}
          onChange={(event) => setReason(event.target.value)}
        />
        <p id={`${id}-hint`} className="muted">
          {texts.reasonHint}
        </p>
        <div className="cw-dialog-buttons">
          <Button onClick={onClose}>{texts.cancel}</Button>
          <Button type="submit" look="accent" disabled={!isReason}>
            {texts.release}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
