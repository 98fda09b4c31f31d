import { useEffect, useSyncExternalStore } from "react";
import type { RowsState, RowStore } from "./row-store.ts";

/** A store's list while it is shown; another store is asked for anew. */
export function useRows<Row>(store: RowStore<Row>): RowsState<Row> {
  useEffect(() => store.open(), [store]);
  return useRowsRead(store);
}

/** A store's list as it is, where another component shows it. */
export function useRowsRead<Row>(store: RowStore<Row>): RowsState<Row> {
  return useSyncExternalStore(store.subscribe, store.read);
}
