/** Of a field: what is typed has its own direction; while it is empty, its hint has the page's. */
export function directionOf(text: string): "auto" | undefined {
  return text === "" ? undefined : "auto";
}
