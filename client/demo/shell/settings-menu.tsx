import { useTexts } from "../texts/use-texts.ts";
import { Choice } from "./choice.tsx";
import type { Settings } from "./settings.ts";

interface SettingsMenuProps {
  readonly settings: Settings;
  readonly onChange: (settings: Settings) => void;
}

const LANGUAGES = [
  { value: "en", label: "English" },
  { value: "de", label: "Deutsch" },
] as const;

export function SettingsMenu({ settings, onChange }: SettingsMenuProps) {
  const { shell: texts } = useTexts();
  const themes = (["system", "light", "dark"] as const).map((value) => ({
    value,
    label: texts.themes[value],
  }));
  return (
    <>
      <Choice
        label={texts.language}
        value={settings.language}
        options={LANGUAGES}
        onChoose={(language) => onChange({ ...settings, language })}
      />
      <Choice
        label={texts.theme}
        value={settings.theme ?? "system"}
        options={themes}
        onChoose={(chosen) => onChange({ ...settings, theme: chosen === "system" ? undefined : chosen })}
      />
    </>
  );
}
