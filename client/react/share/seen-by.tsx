import { useFileTexts } from "../texts/use-file-texts.ts";

interface SeenByProps {
  readonly seenWith: string | undefined;
  readonly isShared: boolean;
}

/** Who sees it though it was shared with nobody. */
export function SeenBy({ seenWith, isShared }: SeenByProps) {
  const { share: texts } = useFileTexts();
  if (seenWith !== undefined) return <p className="cw-file-minor">{texts.seenWith(seenWith)}</p>;
  return isShared ? null : <p className="cw-file-minor">{texts.notShared}</p>;
}
