type Child = Node | string | false | undefined;
type Handler = (event: Event) => void;
type Props = Readonly<Record<string, string | number | boolean | Handler | undefined>>;

function applyProp(element: Element, name: string, value: Props[string]): void {
  if (value === undefined || value === false) return;
  if (typeof value === "function") element.addEventListener(name.slice(2), value);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/**
 * Makes an element. A prop is an attribute, or a listener when it is a function (`onclick`); text goes in as text nodes,
 * so nothing a user typed is ever parsed as HTML.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) applyProp(element, name, value);
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** The element that index.html promises. */
export function requireElement(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`index.html has no #${id}`);
  return element;
}

/** Changes text only when it differs, so that nothing is announced or laid out for nothing. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
