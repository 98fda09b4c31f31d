import { h } from "./dom.ts";
import type { Contact } from "./identities.ts";

function initialsOf(name: string): string {
  return name
    .split(/[\s-]+/)
    .slice(0, 2)
    .map((word) => word.charAt(0))
    .join("");
}

/** The CRM around the attachments: who this is about. */
export function createContactPage(contact: Contact, panel: HTMLElement): readonly HTMLElement[] {
  const facts = contact.facts.flatMap(([term, value]) => [
    h("dt", {}, term),
    h("dd", { class: "wrap" }, value),
  ]);
  return [
    h(
      "div",
      { class: "contact-head" },
      h("div", { class: "avatar", "aria-hidden": "true" }, initialsOf(contact.name)),
      h("div", {}, h("h1", {}, contact.name), h("p", { class: "muted" }, contact.role)),
    ),
    h(
      "div",
      { class: "columns" },
      h(
        "section",
        { class: "card details", "aria-labelledby": "details-title" },
        h("h2", { id: "details-title" }, "Details"),
        h("dl", {}, ...facts),
      ),
      panel,
    ),
  ];
}
