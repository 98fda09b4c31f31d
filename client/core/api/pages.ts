export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** All items of a list, page after page, each page asked for when the one before it was taken. */
export async function* itemsOf<Item>(
  pageAt: (cursor: { readonly cursor?: string }) => Promise<Page<Item>>,
): AsyncGenerator<Item, void, undefined> {
  for (let at: { readonly cursor?: string } = {}; ;) {
    const { items, nextCursor } = await pageAt(at);
    yield* items;
    if (nextCursor === null) return;
    at = { cursor: nextCursor };
  }
}

/** Sends any number of items in as many requests as it takes, one after the other; the answers come in the items' order. */
export async function inBatches<Item, Answer>(
  items: readonly Item[],
  size: number,
  send: (batch: readonly Item[]) => Promise<{ readonly items: readonly Answer[] }>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let start = 0; start < items.length; start += size) {
    const batch = await send(items.slice(start, start + size));
    answers.push(...batch.items);
  }
  return answers;
}
