import type { ComponentPropsWithRef } from "react";
import { Icon } from "../icons/icon.tsx";
import type { IconName } from "../icons/outlines.ts";

export interface ButtonProps extends ComponentPropsWithRef<"button"> {
  readonly icon?: IconName;
  readonly look?: "plain" | "accent" | "danger" | "link";
}

export function Button({ icon, look = "plain", className = "", children, ...props }: ButtonProps) {
  return (
    <button type="button" {...props} className={`cw-button ${className}`} data-look={look}>
      {icon === undefined ? undefined : <Icon name={icon} />}
      {typeof children === "string" ? <span className="cw-words">{children}</span> : children}
    </button>
  );
}

export interface IconButtonProps extends ComponentPropsWithRef<"button"> {
  readonly icon: IconName;
  /** What it does, as its tooltip. */
  readonly label: string;
  /** What it does with which file, for who hears the button alone. */
  readonly name?: string;
}

export function IconButton({ icon, label, name = label, className = "", ...props }: IconButtonProps) {
  return (
    <button
      type="button"
      title={label}
      aria-label={name}
      {...props}
      className={`cw-icon-button ${className}`}
    >
      <Icon name={icon} />
    </button>
  );
}
