import { h, setText } from "./dom.ts";
import { splitName, unbroken } from "./format.ts";
import { type IconName, icon, iconOfType } from "./icons.ts";
import type { Sentence } from "./sentences.ts";

export interface RowAction {
  readonly icon: IconName;
  /** What the button does; the file's name is added for screen readers. */
  readonly label: string;
  /** Shows the label: for the one thing to do when something is wrong. */
  readonly isMain?: boolean;
  readonly run: () => void;
}

export interface RowView {
  readonly sentence: Sentence;
  /** Sizes, speed or date, after the sentence. */
  readonly facts: readonly string[];
  /** 0 to 1 while there is a bar. */
  readonly portion?: number;
  readonly actions: readonly RowAction[];
}

/** A file's name on one line, cut in its middle where there is no room; whole for screen readers and on hover. */
export function createName(filename: string): HTMLElement {
  const [head, tail] = splitName(filename);
  return h("span", { class: "row-name", title: filename }, h("span", {}, head), h("span", {}, tail));
}

/** One attachment in the list. Updating touches only what changed, so focus and announcements stay where they are. */
export class Row {
  readonly element: HTMLLIElement;
  readonly name: string;
  readonly #picture: HTMLDivElement;
  readonly #sentence = h("span", { class: "row-sentence" });
  readonly #facts = h("span", { class: "row-facts" });
  readonly #bar = h("div", { class: "bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 });
  readonly #actions = h("div", { class: "row-actions" });
  readonly #mimeType: string;
  #shownIcon = "";
  #shownActions = "";
  #view: RowView | undefined;

  constructor(name: string, mimeType: string) {
    this.name = name;
    this.#mimeType = mimeType;
    this.#picture = h("div", { class: "row-picture" }, icon(iconOfType(mimeType)));
    this.#bar.setAttribute("aria-label", `Upload of ${name}`);
    const words = h("div", { class: "row-words" }, this.#sentence, this.#facts);
    const body = h("div", { class: "row-body" }, createName(name), words, this.#bar);
    this.element = h("li", { class: "row", tabindex: -1 }, this.#picture, body, this.#actions);
  }

  update(view: RowView): void {
    this.#view = view;
    this.element.dataset["tone"] = view.sentence.tone;
    this.#showSentence(view.sentence);
    setText(this.#facts, view.facts.map(unbroken).join(" · "));
    this.#showBar(view.portion);
    this.#showActions(view.actions);
  }

  /** Shows a thumbnail; the type's icon comes back when it can't be loaded. */
  setThumbnail(url: string): void {
    const fallBack = () => this.#picture.replaceChildren(icon(iconOfType(this.#mimeType)));
    this.#picture.replaceChildren(h("img", { src: url, alt: "", width: 40, height: 40, onerror: fallBack }));
  }

  #showSentence({ icon: name, text }: Sentence): void {
    if (this.#shownIcon !== name) this.#sentence.replaceChildren(icon(name), h("span"));
    this.#shownIcon = name;
    const words = this.#sentence.lastElementChild;
    if (words instanceof HTMLElement) setText(words, text);
  }

  #showBar(portion: number | undefined): void {
    this.#bar.hidden = portion === undefined;
    if (portion === undefined) return;
    this.#bar.setAttribute("aria-valuenow", String(Math.floor(portion * 100)));
    this.#bar.style.setProperty("--portion", String(portion));
  }

  #showActions(actions: readonly RowAction[]): void {
    const shown = actions.map((action) => action.label).join();
    if (shown === this.#shownActions) return;
    this.#shownActions = shown;
    const hadFocus = this.#actions.contains(document.activeElement);
    this.#actions.replaceChildren(...actions.map((_action, index) => this.#button(actions, index)));
    if (hadFocus) (this.#actions.querySelector("button") ?? this.element).focus();
  }

  #button(actions: readonly RowAction[], index: number): HTMLButtonElement {
    const { icon: name, label, isMain = false } = actions[index] ?? { icon: "file", label: "" };
    // The action is looked up when it is pressed: the row may have been updated with new ones of the same labels.
    const onclick = () => this.#view?.actions[index]?.run();
    const describe = { type: "button", "aria-label": `${label} ${this.name}`, onclick };
    if (isMain) return h("button", { ...describe, class: "button" }, icon(name), label);
    return h("button", { ...describe, class: "icon-button", title: label }, icon(name));
  }
}
