import { Icon } from "../icons/icon.tsx";
import type { IconName } from "../icons/outlines.ts";

export type Tone = "quiet" | "busy" | "ready" | "warning" | "danger";

/** A state in words, with an icon and a tone that say the same. */
export interface Sentence {
  readonly tone: Tone;
  readonly icon: IconName;
  readonly text: string;
}

export function SentenceLine({ sentence }: { readonly sentence: Sentence }) {
  return (
    <span className="cw-sentence" data-tone={sentence.tone}>
      <Icon name={sentence.icon} />
      <span className="cw-words">{sentence.text}</span>
    </span>
  );
}
