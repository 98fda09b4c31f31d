import { expect, test } from "vitest";
import { RowStore, type RowsPage } from "../../client/demo/admin/row-store.ts";

/** A list whose pages are as the server has them by now, two rows each. */
function storeOf(server: { rows: string[] }): RowStore<string> {
  return new RowStore<string>({
    keyOf: (row) => row,
    async load({ cursor }): Promise<RowsPage<string>> {
      const from = cursor === undefined ? 0 : server.rows.findIndex((row) => row > cursor);
      const items = from < 0 ? [] : server.rows.slice(from, from + 2);
      const last = items.at(-1);
      return { items, nextCursor: last === undefined || last === server.rows.at(-1) ? null : last };
    },
  });
}

test("what was settled elsewhere goes with the next answer, and what is further down stays", async () => {
  const server = { rows: ["a", "b", "c", "d"] };
  const store = storeOf(server);
  await store.refresh();
  await store.loadMore();
  server.rows = ["a", "c", "d"];
  await store.refresh();
  expect(store.state).toMatchObject({ rows: ["a", "c", "d"], nextCursor: null });
  server.rows = ["c"];
  await store.refresh();
  expect(store.state.rows).toEqual(["c"]);
});

test("where all of a page is taken off, the next one is asked for", async () => {
  const store = storeOf({ rows: ["a", "b", "c"] });
  await store.refresh();
  store.remove("a");
  store.remove("b");
  expect(store.state.phase).toBe("more");
  await expect.poll(() => store.state.rows).toEqual(["c"]);
});
