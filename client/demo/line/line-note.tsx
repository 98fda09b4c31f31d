import { useTexts } from "../texts/use-texts.ts";
import type { Line } from "./line.ts";
import { useQuality } from "./use-quality.ts";

/** Says in words that the connection was made bad by hand. */
export function LineNote({ line }: { readonly line: Line }) {
  const { line: texts } = useTexts();
  const quality = useQuality(line);
  return (
    <p className="line-note" role="status" data-quality={quality}>
      {quality === "slow" && texts.slowNote}
      {quality === "cut" && texts.cutNote}
    </p>
  );
}
