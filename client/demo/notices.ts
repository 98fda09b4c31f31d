import type { UnfinishedUpload } from "../index.ts";
import { h } from "./dom.ts";
import { countOf, formatBytes } from "./format.ts";
import { icon } from "./icons.ts";
import { createName } from "./row.ts";

export interface Refusal {
  readonly filename: string;
  readonly rule: string;
}

/** Files that are not even begun, each with the rule it breaks. */
export function createRefusals(refusals: readonly Refusal[], onDismiss: () => void): HTMLElement {
  const items = refusals.map(({ filename, rule }) =>
    h("li", {}, h("strong", { class: "wrap" }, filename), h("div", { class: "muted" }, rule)),
  );
  return h(
    "section",
    { class: "notice notice-danger", "aria-label": "Files that were not added" },
    icon("blocked"),
    h(
      "div",
      { class: "notice-words" },
      h("h3", {}, `${countOf(refusals.length, "file")} not added`),
      h("ul", { class: "plain" }, ...items),
    ),
    h(
      "button",
      { type: "button", class: "icon-button", "aria-label": "Dismiss", title: "Dismiss", onclick: onDismiss },
      icon("close"),
    ),
  );
}

/** Uploads of earlier visits. The browser can't open their files again by itself: the user chooses them once more. */
export function createUnfinished(
  uploads: readonly UnfinishedUpload[],
  onChoose: () => void,
  onDiscard: (upload: UnfinishedUpload) => void,
): HTMLElement {
  const items = uploads.map((upload) =>
    h(
      "li",
      { class: "unfinished" },
      createName(upload.filename),
      h("span", { class: "muted" }, formatBytes(upload.sizeBytes)),
      h(
        "button",
        {
          type: "button",
          class: "link-button",
          "aria-label": `Discard ${upload.filename}`,
          onclick: () => onDiscard(upload),
        },
        "Discard",
      ),
    ),
  );
  return h(
    "section",
    { class: "notice", "aria-label": "Unfinished uploads" },
    icon("clock"),
    h(
      "div",
      { class: "notice-words" },
      h("h3", {}, `${countOf(uploads.length, "upload")} from an earlier visit`),
      h("p", { class: "muted" }, "Choose the same files again and they go on where they stopped."),
    ),
    h(
      "button",
      { type: "button", class: "button", onclick: onChoose },
      `Continue ${countOf(uploads.length, "upload")}`,
    ),
    h("ul", { class: "plain notice-list" }, ...items),
  );
}
