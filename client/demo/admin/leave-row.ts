/** Puts the focus on the next row's first button, or the previous one's, or the page, before the row it is in goes. */
export function leaveRow(row: Element | null | undefined): void {
  const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
  const button = neighbour?.querySelector<HTMLElement>("button");
  (button ?? document.getElementById("main"))?.focus();
}
