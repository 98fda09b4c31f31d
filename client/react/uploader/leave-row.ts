/** Puts the focus on the next row's last button, or the previous one's, before the row it is in goes. */
export function leaveRow(fallback: HTMLElement | null): void {
  const row = document.activeElement?.closest("li");
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
  const button = Array.from(neighbour?.querySelectorAll("button") ?? []).at(-1);
  (button ?? fallback)?.focus();
}
