import { useEffect } from "react";
import { useClient, useTexts as useComponentTexts, useUploads } from "../../react/index.ts";
import { useTexts } from "../texts/use-texts.ts";

/** Uploads go on whatever page is open: how far they are, and a question of the browser's before the tab is closed. */
export function RunningUploads() {
  const { files: texts } = useTexts();
  const { common } = useComponentTexts();
  const { uploads } = useClient();
  useUploads();
  const { running, waiting, sentBytes, totalBytes } = uploads.totals;
  const underWay = running + waiting;
  useLeaveQuestion(underWay > 0);
  if (underWay === 0) return null;
  const words = texts.running(underWay);
  const portion = totalBytes === 0 ? 0 : sentBytes / totalBytes;
  return (
    <aside className="running-uploads" aria-label={words}>
      <span>{words}</span>
      <progress value={portion} aria-label={words} />
      <span className="muted">{common.percent(portion)}</span>
    </aside>
  );
}

function useLeaveQuestion(isAsked: boolean): void {
  useEffect(() => {
    if (!isAsked) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isAsked]);
}
