import { Menu } from "@base-ui/react/menu";
import type { ComponentProps, ReactNode } from "react";
import { Icon } from "../icons/icon.tsx";
import { LIST_ICONS } from "../icons/list-outlines.ts";
import type { IconName } from "../icons/outlines.ts";
import { useShared } from "../use-client.ts";
import { useRootProps } from "./root.tsx";

export type MenuAnchor = NonNullable<ComponentProps<typeof Menu.Positioner>["anchor"]>;

interface MenuPopupProps {
  /** What it opens at; its trigger where it isn't given. */
  readonly anchor?: MenuAnchor;
  readonly label?: string;
  /** What has the focus when it is closed; what opened it where it isn't given. */
  readonly finalFocus?: () => HTMLElement | null;
  readonly children: ReactNode;
}

/** The list that a menu opens, in the look of the components though it lies elsewhere on the page. */
export function MenuPopup({ anchor, label, finalFocus, children }: MenuPopupProps) {
  const root = useRootProps();
  const { language } = useShared();
  return (
    <Menu.Portal>
      <Menu.Positioner className="cw-positioner" sideOffset={4} align="start" anchor={anchor}>
        <Menu.Popup
          lang={language}
          {...root}
          className={`${root.className} cw-menu`}
          aria-label={label}
          finalFocus={finalFocus}
        >
          {children}
        </Menu.Popup>
      </Menu.Positioner>
    </Menu.Portal>
  );
}

interface MenuItemProps {
  readonly icon: IconName;
  readonly isDanger?: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

export function MenuItem({ icon, isDanger = false, onClick, children }: MenuItemProps) {
  return (
    <Menu.Item className="cw-menu-item" data-danger={isDanger || undefined} onClick={onClick}>
      <Icon name={icon} />
      <span className="cw-words">{children}</span>
    </Menu.Item>
  );
}

export interface MenuChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, label: string])[];
  readonly onChoice: (value: T) => void;
}

/** One of several: that which holds is marked. */
export function MenuChoice<T extends string>({ label, value, options, onChoice }: MenuChoiceProps<T>) {
  return (
    <Menu.Group>
      <Menu.GroupLabel className="cw-menu-label">{label}</Menu.GroupLabel>
      <Menu.RadioGroup value={value} onValueChange={(next: T) => onChoice(next)}>
        {options.map(([each, text]) => (
          <Menu.RadioItem key={each} value={each} className="cw-menu-item" closeOnClick>
            <span className="cw-menu-mark">
              <Menu.RadioItemIndicator>
                <Icon name={LIST_ICONS.check} />
              </Menu.RadioItemIndicator>
            </span>
            <span className="cw-words">{text}</span>
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
    </Menu.Group>
  );
}
