import { h } from "./dom.ts";

/** Asks for a token where the server gives out none (anything but the development stack). */
export function createSignIn(onToken: (token: string) => void): HTMLElement {
  const field = h("textarea", {
    id: "token",
    rows: 3,
    required: true,
    autocomplete: "off",
    spellcheck: "false",
    class: "field",
  });
  const onsubmit = (event: Event) => {
    event.preventDefault();
    onToken(field.value.trim());
  };
  return h(
    "section",
    { class: "card sign-in", "aria-labelledby": "sign-in-title" },
    h("h2", { id: "sign-in-title" }, "Sign in with a token"),
    h(
      "p",
      { class: "muted" },
      "This server doesn't give out development tokens. Paste one that your CRM has made.",
    ),
    h(
      "form",
      { onsubmit },
      h("label", { for: "token" }, "Token"),
      field,
      h("button", { class: "button button-accent" }, "Use this token"),
    ),
  );
}
