import { createContext } from "react";
import type { CausewayClient } from "./client.ts";
import type { Texts } from "./texts/texts.ts";

export type Theme = "light" | "dark";
export type Contrast = "more" | "normal";

export interface SharedValue {
  readonly client: CausewayClient;
  readonly texts: Texts;
  readonly language: string;
  readonly theme: Theme | undefined;
  readonly contrast: Contrast | undefined;
}

/** What `CausewayProvider` gives to the components within it. */
export const Shared = createContext<SharedValue | undefined>(undefined);
