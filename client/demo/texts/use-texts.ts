import { createContext, use } from "react";
import { en } from "./en.ts";
import type { DemoTexts } from "./texts.ts";

export const TextsContext = createContext<DemoTexts>(en);

/** The demo's words in the language that was chosen. */
export function useTexts(): DemoTexts {
  return use(TextsContext);
}
