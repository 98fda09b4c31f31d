import { type IconName, OUTLINES } from "./outlines.ts";

/** A decorative icon: the words beside it, or the button's label, say what it means. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="cw-icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={(typeof name === "string" ? OUTLINES[name] : name).join("")} />
    </svg>
  );
}
