/** Where a file stands among others. */
export interface Place {
  /** From 1; undefined for one that isn't among them, as what has left them since. */
  readonly number: number | undefined;
  readonly previous: string | undefined;
  readonly next: string | undefined;
}

export function placeAmong(files: readonly { readonly id: string }[], fileId: string): Place {
  const index = files.findIndex(({ id }) => id === fileId);
  if (index < 0) return { number: undefined, previous: undefined, next: undefined };
  return { number: index + 1, previous: files[index - 1]?.id, next: files[index + 1]?.id };
}
