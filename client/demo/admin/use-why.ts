import { useTexts } from "../../react/index.ts";
import { whyOf } from "../../react/why.ts";

/** Why something wasn't done, in the language that was chosen. */
export function useWhy(): (error: unknown) => string {
  const texts = useTexts();
  return (error) => whyOf(error, texts);
}
