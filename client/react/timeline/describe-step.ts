import { isReleased } from "../files/describe-file.ts";
import type { AllTexts } from "../texts/use-file-texts.ts";
import type { Step } from "./steps.ts";

interface StepWords {
  readonly title: string;
  readonly at: string | null;
  readonly details: readonly string[];
}

interface Context {
  readonly nowMs: number;
  nameOf(userId: string): string;
}

/** Of signatures that aren't their maker's own, as in development. */
const UNNUMBERED: ReadonlySet<string> = new Set(["", "unnumbered"]);

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

/** A step in words, with its time and what else is known of it. */
export function describeStep(step: Step, texts: AllTexts, context: Context): StepWords {
  const { timeline } = texts;
  switch (step.kind) {
    case "uploaded": {
      const title =
        step.state === "running" ? timeline.uploading : timeline.uploaded(context.nameOf(step.by));
      return { title, at: step.at, details: [] };
    }
    case "checked":
      return describeCheck(step, texts);
    case "released":
      return { title: texts.timeline.released, at: step.at, details: [] };
    case "optimised":
      return describeOptimised(step, texts);
    case "copied":
      return describeCopy(step, texts, context.nowMs);
  }
}

function describeCheck({ state, at, verdict, trouble }: StepOf<"checked">, texts: AllTexts): StepWords {
  const { timeline, preview } = texts;
  if (verdict === null || trouble !== null) {
    const title = state === "waiting" ? timeline.waitingForUpload : timeline.checking;
    return {
      title: trouble === null ? title : timeline.checkStuck,
      at: null,
      details: trouble === null ? [] : [trouble],
    };
  }
  if (isReleased({ state: "clean", verdict })) return { title: timeline.blocked, at, details: [] };
  const { engine, signatureVersion } = verdict;
  const details = [UNNUMBERED.has(signatureVersion) ? engine : timeline.scannedBy(engine, signatureVersion)];
  const name = verdict.signatureName ?? preview.blocked(null);
  switch (verdict.verdict) {
    case "clean":
      return { title: timeline.checked, at, details };
    case "infected":
      return { title: verdict.foundLater ? timeline.foundLater(name) : timeline.infected(name), at, details };
    case "unscannable":
      return { title: timeline.unscannable(verdict.reason ?? preview.unscannable), at, details };
  }
}

function describeOptimised(
  { state, made, making, failed }: StepOf<"optimised">,
  { timeline }: AllTexts,
): StepWords {
  const titles = {
    running: timeline.optimising,
    done: timeline.optimised,
    waiting: timeline.optimising,
    failed: timeline.notOptimised,
  };
  const names = (state === "running" ? making : made).map((name) => timeline.derivatives[name] ?? name);
  const list = names.length === 0 ? [] : [names.join(", ")];
  return { title: titles[state], at: null, details: [...list, ...failed] };
}

function describeCopy(step: StepOf<"copied">, { timeline }: AllTexts, nowMs: number): StepWords {
  const { state, target, at, error, nextTryAt } = step;
  const titles = {
    running: timeline.copying,
    waiting: timeline.copying,
    done: timeline.copied,
    failed: timeline.notCopied,
  };
  const isWaiting = state !== "done" && error !== null && nextTryAt !== null;
  const next = isWaiting ? [timeline.nextTry(timeline.at(new Date(nextTryAt), nowMs))] : [];
  return { title: titles[state](target), at, details: [...(error === null ? [] : [error]), ...next] };
}
