import { Choice } from "../shell/choice.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { type Line, QUALITIES } from "./line.ts";
import { useQuality } from "./use-quality.ts";

/** How good the page's connection is: chosen by hand, to see what becomes of uploads. */
export function LineMenu({ line }: { readonly line: Line }) {
  const { line: texts } = useTexts();
  const quality = useQuality(line);
  return (
    <Choice
      label={texts.label}
      value={quality}
      options={QUALITIES.map((each) => ({ value: each, label: texts[each] }))}
      onChoose={(chosen) => line.choose(chosen)}
    />
  );
}
