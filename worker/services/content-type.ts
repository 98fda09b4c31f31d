/** Placeholder until the table of types is written in this commit series. */
export async function checkContent(
  _head: Uint8Array,
  _declaredType: string,
  _isWhole: boolean,
): Promise<string | undefined> {
  return undefined;
}
