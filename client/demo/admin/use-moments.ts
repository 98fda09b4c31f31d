import { useState } from "react";
import { useTexts } from "../texts/use-texts.ts";

/** Puts moments into the words of the language that was chosen. What today is doesn't change while the page is shown. */
export function useMoments(): (at: string) => string {
  const { admin: texts } = useTexts();
  const [nowMs] = useState(Date.now);
  return (at) => texts.moment(new Date(at), nowMs);
}
