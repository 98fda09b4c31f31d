import type { ReactNode } from "react";
import { Icon } from "../icons/icon.tsx";
import type { IconName } from "../icons/outlines.ts";
import { IconButton } from "../ui/button.tsx";
import { useTexts } from "../use-client.ts";

export interface NoteProps {
  readonly icon: IconName;
  readonly children: ReactNode;
  onDismiss(): void;
}

/** A sentence that stays until it is dismissed. */
export function Note({ icon, children, onDismiss }: NoteProps) {
  const { common } = useTexts();
  return (
    <div className="cw-notice cw-note">
      <Icon name={icon} />
      <p>{children}</p>
      <IconButton icon="close" label={common.dismiss} onClick={onDismiss} />
    </div>
  );
}
