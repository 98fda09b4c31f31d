import { type ReactNode, useMemo } from "react";
import type { CausewayClient } from "./client.ts";
import { type Contrast, Shared, type Theme } from "./shared.ts";
import { de } from "./texts/de.ts";
import { en } from "./texts/en.ts";
import { mergeTexts, type TextChanges, type Texts } from "./texts/texts.ts";

export type Language = "en" | "de";

const LANGUAGES: Readonly<Record<Language, Texts>> = { en, de };
const NO_CHANGES: TextChanges = {};

export interface CausewayProviderProps {
  readonly client: CausewayClient;
  readonly language?: Language;
  /** In place of some of the language's texts; keep it the same object between renders. */
  readonly texts?: TextChanges;
  /** By default the system's. */
  readonly theme?: Theme;
  readonly contrast?: Contrast;
  readonly children?: ReactNode;
}

/** Gives the components within it their client, their language and their look. */
export function CausewayProvider(props: CausewayProviderProps) {
  const { client, language = "en", texts: changes = NO_CHANGES, theme, contrast, children } = props;
  const value = useMemo(
    () => ({ client, texts: mergeTexts(LANGUAGES[language], changes), language, theme, contrast }),
    [client, language, changes, theme, contrast],
  );
  return <Shared value={value}>{children}</Shared>;
}
