/**
 * A path with ids in it. Throws `RangeError` for one that would make another path of it: what is empty or only dots is no
 * segment of a URL.
 */
export function pathOf(parts: TemplateStringsArray, ...ids: readonly (string | number)[]): string {
  const segments = ids.map((id) => {
    if (/^\.{0,2}$/.test(String(id))) throw new RangeError(`"${id}" can't be an id`);
    return encodeURIComponent(id);
  });
  return String.raw(parts, ...segments);
}
