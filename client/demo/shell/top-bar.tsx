import { Link } from "wouter";
import { LineMenu } from "../line/line-menu.tsx";
import type { Line } from "../line/line.ts";
import type { Identity } from "../session/identities.ts";
import { IdentityMenu } from "../session/identity-menu.tsx";
import { useTexts } from "../texts/use-texts.ts";
import { SettingsMenu } from "./settings-menu.tsx";
import type { Settings } from "./settings.ts";

export interface TopBarProps {
  readonly identity: Identity;
  readonly onIdentity: (identity: Identity) => void;
  readonly line: Line;
  readonly settings: Settings;
  readonly onSettings: (settings: Settings) => void;
}

/** What isn't the CRM: who looks, over which connection, in which language. */
export function TopBar({ identity, onIdentity, line, settings, onSettings }: TopBarProps) {
  const { shell: texts } = useTexts();
  return (
    <header className="top-bar">
      <Link href="/contacts" className="brand">
        {texts.product} <span className="muted">{texts.demo}</span>
      </Link>
      <SettingsMenu settings={settings} onChange={onSettings} />
      <div className="top-choices">
        <LineMenu line={line} />
        <IdentityMenu identity={identity} onChange={onIdentity} />
      </div>
    </header>
  );
}
