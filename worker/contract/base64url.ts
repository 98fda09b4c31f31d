/** Base64url without padding (RFC 4648, section 5). */
export function formatBase64Url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * The bytes of what `formatBase64Url` makes; undefined for all else. A last character has bits that belong to no byte, and
 * a decoder that ignores them knows several texts for the same bytes (RFC 4648, 3.5): here there is one.
 */
export function parseBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return formatBase64Url(bytes) === text ? bytes : undefined;
}
