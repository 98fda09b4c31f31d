import { h } from "./dom.ts";

/** Asks before something that can't be undone. Escape means no. */
export function confirmDelete(filename: string): Promise<boolean> {
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": "dialog-title" },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id: "dialog-title" }, "Delete this file?"),
      h("p", { class: "wrap" }, filename),
      h("p", { class: "muted" }, "Links to it stop working within 30 seconds."),
      h(
        "div",
        { class: "dialog-buttons" },
        h("button", { class: "button", value: "" }, "Keep"),
        h("button", { class: "button button-danger", value: "delete" }, "Delete"),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "delete");
    });
  });
}
