import { Menu } from "@base-ui/react/menu";
import { Icon } from "../../react/icons/icon.tsx";
import { MenuChoice, MenuPopup } from "../../react/ui/menu.tsx";
import { useTexts } from "../texts/use-texts.ts";
import type { Settings } from "./settings.ts";

interface SettingsMenuProps {
  readonly settings: Settings;
  readonly onChange: (settings: Settings) => void;
}

const LANGUAGES = [
  ["en", "English"],
  ["de", "Deutsch"],
] as const;

/** Lucide's "sliders-horizontal" (ISC licence). */
const SLIDERS = [
  ...["M21 4h-7", "M10 4H3", "M21 12h-9", "M8 12H3", "M21 20h-5", "M12 20H3"],
  ...["M14 2v4", "M8 10v4", "M16 18v4"],
];

/** How the page looks and speaks, behind one button: it is chosen once. */
export function SettingsMenu({ settings, onChange }: SettingsMenuProps) {
  const { shell: texts } = useTexts();
  const themes = (["system", "light", "dark"] as const).map((value) => [value, texts.themes[value]] as const);
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className="cw-icon-button settings" aria-label={texts.settings} title={texts.settings}>
        <Icon name={SLIDERS} />
      </Menu.Trigger>
      <MenuPopup label={texts.settings}>
        <MenuChoice
          label={texts.language}
          value={settings.language}
          options={LANGUAGES}
          onChoice={(language) => onChange({ ...settings, language })}
        />
        <MenuChoice
          label={texts.theme}
          value={settings.theme ?? "system"}
          options={themes}
          onChoice={(chosen) => onChange({ ...settings, theme: chosen === "system" ? undefined : chosen })}
        />
      </MenuPopup>
    </Menu.Root>
  );
}
