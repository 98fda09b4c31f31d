import { h } from "./dom.ts";
import { type DemoIdentity, IDENTITIES, TENANT_LABELS } from "./identities.ts";

function keyOf({ tenant, user }: DemoIdentity): string {
  return `${tenant}/${user}`;
}

function createPicker(current: DemoIdentity, onPick: (identity: DemoIdentity) => void): HTMLSelectElement {
  const tenants = [...new Set(IDENTITIES.map((identity) => identity.tenant))];
  const groups = tenants.map((tenant) => {
    const members = IDENTITIES.filter((identity) => identity.tenant === tenant);
    const options = members.map((identity) =>
      h(
        "option",
        { value: keyOf(identity), selected: identity === current },
        `${identity.label}, ${TENANT_LABELS[tenant] ?? tenant}`,
      ),
    );
    return h("optgroup", { label: TENANT_LABELS[tenant] ?? tenant }, ...options);
  });
  const select = h("select", { id: "identity", class: "select" }, ...groups);
  select.addEventListener("change", () => {
    const picked = IDENTITIES.find((identity) => keyOf(identity) === select.value);
    if (picked !== undefined) onPick(picked);
  });
  return select;
}

/** The slim bar on top: what this is, and who is looking. */
export function fillTopbar(
  bar: HTMLElement,
  current: DemoIdentity,
  onPick: (identity: DemoIdentity) => void,
): void {
  bar.replaceChildren(
    h("span", { class: "brand" }, "Causeway"),
    h("span", { class: "muted brand-note" }, "demo CRM"),
    h("label", { for: "identity", class: "muted" }, "Signed in as"),
    createPicker(current, onPick),
  );
}
