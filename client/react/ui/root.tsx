import type { ComponentPropsWithRef } from "react";
import { useShared } from "../use-client.ts";

/** What the outermost element of a component carries, and of everything that it opens elsewhere on the page. */
export function useRootProps(): { className: string; [attribute: `data-${string}`]: string | undefined } {
  const { theme, contrast } = useShared();
  return { className: "cw", "data-cw-theme": theme, "data-cw-contrast": contrast };
}

/** The outermost element of a component: tokens and theme apply within it. */
export function Root({ className = "", ...props }: ComponentPropsWithRef<"section">) {
  const root = useRootProps();
  const { language } = useShared();
  return <section lang={language} {...root} {...props} className={`${root.className} ${className}`} />;
}
