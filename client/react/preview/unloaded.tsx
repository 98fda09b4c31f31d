import { useFileTexts } from "../texts/use-file-texts.ts";
import { whyOf } from "../why.ts";
import type { Loaded } from "./use-loaded.ts";

/** While it is asked for, or why it can't be seen: a share shows a file as it is, not what it was. */
export function Unloaded({ loaded }: { readonly loaded: Loaded<unknown> }) {
  const texts = useFileTexts();
  return (
    <p className="cw-file-minor" role="status">
      {loaded.kind === "failed" ? whyOf(loaded.error, texts) : texts.preview.loadingDetails}
    </p>
  );
}
