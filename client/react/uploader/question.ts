import { useEffect, useRef } from "react";
import { waitingFirst } from "../../core/turn.ts";
import type { Upload } from "../../core/upload.ts";
import type { Question } from "./dialogs.tsx";
import { isRunning } from "./summary.ts";

/** Nothing is sent while it is asked: what arrives meanwhile would stay, whatever the answer. */
export function askToCancel(uploads: readonly Upload[], arrived: number): Question {
  const paused = uploads.filter(isRunning);
  for (const upload of waitingFirst(paused)) upload.pause();
  return { kind: "cancel", uploads, paused, arrived };
}

/** Whoever leaves the page with the question open has not said yes. */
export function useResumeOnLeave(question: Question | undefined): void {
  const latest = useRef<Question>(undefined);
  useEffect(() => {
    latest.current = question;
  }, [question]);
  useEffect(
    () => () => {
      if (latest.current?.kind === "cancel") latest.current.paused.forEach((upload) => upload.resume());
    },
    [],
  );
}
