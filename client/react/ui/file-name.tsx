import { once } from "../once.ts";
import { splitName } from "../texts/format.ts";

function markCut(element: Element): void {
  const text = element.firstElementChild;
  if (text !== null) element.toggleAttribute("data-cut", text.scrollWidth > element.clientWidth);
}

/** One observer for all names of the page, made when the first is shown: a server that renders has none. */
const namesObserver = once(
  () =>
    new ResizeObserver((entries) => {
      for (const { target } of entries) markCut(target);
    }),
);

function observeName(element: HTMLElement | null): (() => void) | undefined {
  if (element === null) return undefined;
  const observer = namesObserver();
  observer.observe(element);
  return () => observer.unobserve(element);
}

/**
 * A file's name on one line, cut in its middle where there is no room. It is one text, so that the page's search and
 * screen readers have it whole; the end that shows after the ellipsis is drawn by the stylesheet.
 */
export function FileName({ name, folder = "" }: { readonly name: string; readonly folder?: string }) {
  const [, tail] = splitName(name);
  const whole = folder === "" ? name : `${folder}/${name}`;
  return (
    <span className="cw-name" dir="auto" title={whole} data-tail={tail} ref={observeName}>
      <span className="cw-name-text">
        {folder === "" ? undefined : <span className="cw-name-folder">{folder}/</span>}
        {name}
      </span>
    </span>
  );
}
