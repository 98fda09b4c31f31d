import { Menu } from "@base-ui/react/menu";
import { Icon } from "../icons/icon.tsx";
import { MenuChoice, type MenuChoiceProps, MenuPopup } from "./menu.tsx";

interface ChoiceButtonProps<T extends string> extends MenuChoiceProps<T> {
  /** Whether it is another than the usual one: it is marked, and shows what. */
  readonly isOn?: boolean;
}

/** A button that opens a menu of which one is chosen, and says which. */
export function ChoiceButton<T extends string>(props: ChoiceButtonProps<T>) {
  const { label, value, options, isOn = false } = props;
  const shown = options.find(([each]) => each === value)?.[1] ?? "";
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger
        className="cw-chip"
        data-on={isOn || undefined}
        aria-label={shown === "" ? label : `${label}: ${shown}`}
      >
        <span className="cw-chip-text">{isOn ? shown : label}</span>
        <Icon name="chevron-down" />
      </Menu.Trigger>
      <MenuPopup label={label}>
        <MenuChoice {...props} />
      </MenuPopup>
    </Menu.Root>
  );
}
