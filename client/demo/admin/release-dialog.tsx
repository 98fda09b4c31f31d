import { type SubmitEvent, useId, useRef, useState } from "react";
import type { BlockedVersion } from "#contract/quarantine.ts";
import { Button } from "../../react/ui/button.tsx";
import { Modal } from "../../react/ui/modal.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { BlockedFacts, BlockedFinding } from "./blocked-facts.tsx";

/** Of a reason, as the server takes it. */
const MIN_LENGTH = 3;
const MAX_LENGTH = 500;

interface ReleaseDialogProps {
  readonly version: BlockedVersion;
  readonly onRelease: (reason: string) => void;
  readonly onClose: () => void;
}

/** Tells what was found in a file and what releasing it means, and asks why it is harmless. */
export function ReleaseDialog({ version, onRelease, onClose }: ReleaseDialogProps) {
  const { quarantine: texts } = useTexts().admin;
  const id = useId();
  const [reason, setReason] = useState("");
  const [isTold, setTold] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const isReason = reason.trim().length >= MIN_LENGTH;
  const isMissing = isTold && !isReason;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTold(true);
    if (isReason) onRelease(reason.trim());
    else field.current?.focus();
  };
  return (
    <Modal title={texts.releaseTitle(version.filename)} onClose={onClose}>
      <BlockedFinding version={version} />
      <BlockedFacts version={version} />
      <p>{texts.releaseMeaning}</p>
      <form className="release" noValidate onSubmit={submit}>
        <label htmlFor={id}>{texts.reasonLabel}</label>
        <textarea
          id={id}
          ref={field}
          className="cw-input"
          rows={3}
          required
          maxLength={MAX_LENGTH}
          value={reason}
          aria-invalid={isMissing}
          aria-describedby={`${id}-hint`}
          onChange={(event) => setReason(event.target.value)}
        />
        <p id={`${id}-hint`} className="cw-field-hint" data-problem={isMissing || undefined}>
          {isMissing ? texts.reasonMissing(MIN_LENGTH) : texts.reasonHint}
        </p>
        <div className="cw-dialog-buttons">
          <Button onClick={onClose}>{texts.cancel}</Button>
          <Button type="submit" look="danger">
            {texts.release}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
