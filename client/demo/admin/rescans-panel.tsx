import { useEffect, useId, useRef } from "react";
import type { Rescan } from "#contract/rescans.ts";
import { Button } from "../../react/ui/button.tsx";
import { ProgressBar } from "../../react/ui/progress-bar.tsx";
import { useVisitor } from "../session/visitor.ts";
import { useTexts } from "../texts/use-texts.ts";
import { ToldLine, useTold } from "./told.tsx";
import { useMoments } from "./use-moments.ts";
import { isOpen, useRescans } from "./use-rescans.ts";
import { useWhy } from "./use-why.ts";

type Change = "pause" | "resume" | "cancel";

/** Has everything checked again by the signatures of today, and shows how far that is. */
export function RescansPanel() {
  const { client } = useVisitor();
  const { rescans: texts } = useTexts().admin;
  const { rescans, error, refresh } = useRescans(client);
  const { told, tell, complain, dismiss } = useTold();
  const whyOf = useWhy();
  const titleId = useId();
  const panel = useRef<HTMLElement>(null);
  const hasActed = useRef(false);
  // What was pressed may be gone, and the focus with it.
  useEffect(() => {
    if (hasActed.current && document.activeElement === document.body) panel.current?.focus();
  }, [rescans]);
  const open = (rescans ?? []).filter(isOpen);

  const run = async (call: Promise<Rescan>, words?: string) => {
    dismiss();
    hasActed.current = true;
    try {
      await call;
      if (words !== undefined) tell(words);
    } catch (problem) {
      complain(texts.failed(whyOf(problem)));
    }
    await refresh();
  };
  // That something was begun is told while it goes on.
  const shown = told?.isProblem === true || open.length > 0 ? told : undefined;
  return (
    <section className="card stack" ref={panel} tabIndex={-1} aria-labelledby={titleId}>
      <h2 id={titleId}>{texts.title}</h2>
      <p className="muted">{texts.hint}</p>
      <ToldLine told={shown} onDismiss={dismiss} />
      {error !== undefined && <p role="alert">{texts.failed(whyOf(error))}</p>}
      {open.map((rescan) => (
        <OpenRescan
          key={rescan.id}
          rescan={rescan}
          onChange={(change) => void run(client.admin.rescans[change](rescan.id))}
        />
      ))}
      {rescans !== undefined && open.length === 0 && <LastRescan rescans={rescans} />}
      {open.every(({ fileId }) => fileId !== null) && (
        <Button
          className="rows-all"
          icon="shield"
          disabled={rescans === undefined}
          onClick={() => void run(client.admin.rescans.create(), texts.started)}
        >
          {texts.start}
        </Button>
      )}
    </section>
  );
}

function LastRescan({ rescans }: { readonly rescans: readonly Rescan[] }) {
  const { rescans: texts } = useTexts().admin;
  const momentOf = useMoments();
  const [last] = rescans;
  if (last === undefined) return <p>{texts.never}</p>;
  return (
    <p>
      {texts.ended(last, momentOf(last.finishedAt ?? last.createdAt))} {texts.findings(last)}.
    </p>
  );
}

interface OpenRescanProps {
  readonly rescan: Rescan;
  readonly onChange: (change: Change) => void;
}

function OpenRescan({ rescan, onChange }: OpenRescanProps) {
  const { rescans: texts } = useTexts().admin;
  const { state, files } = rescan;
  const isPaused = state === "paused";
  const turn = isPaused ? "resume" : "pause";
  return (
    <article className="row">
      <div className="row-body">
        <h3>{texts.about(rescan)}</h3>
        <p>{texts.progress(rescan)}</p>
        <ProgressBar
          label={texts.progressLabel}
          portion={files.total === 0 ? 0 : Math.min(1, files.seen / files.total)}
          isMoving={!isPaused}
        />
        <p className="muted">{texts.findings(rescan)}</p>
      </div>
      <div className="row-actions">
        <Button icon={isPaused ? "play" : "pause"} onClick={() => onChange(turn)}>
          {texts[turn]}
        </Button>
        <Button onClick={() => onChange("cancel")}>{texts.cancel}</Button>
      </div>
    </article>
  );
}
