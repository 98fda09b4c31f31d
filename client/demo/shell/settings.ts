import type { Language, Theme } from "../../react/index.ts";

/** How the page looks, as the visitor chose it: kept for the tab. */
export interface Settings {
  readonly language: Language;
  /** The system's where nothing is said. */
  readonly theme: Theme | undefined;
}

const KEY = "causeway-demo-settings";

export function readSettings(): Settings {
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "{}") as Partial<Settings>;
  const preferred = navigator.language.startsWith("de") ? "de" : "en";
  return { language: kept.language ?? preferred, theme: kept.theme };
}

export function keepSettings(settings: Settings): void {
  sessionStorage.setItem(KEY, JSON.stringify(settings));
}
