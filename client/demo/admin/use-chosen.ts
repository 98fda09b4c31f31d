import { useState } from "react";

/** Some of a list's rows. What has left the list isn't among them any more. */
export interface Chosen<Row> {
  readonly rows: readonly Row[];
  has(row: Row): boolean;
  toggle(row: Row): void;
  /** Chooses all that are listed, or none where all are chosen. */
  toggleAll(): void;
}

export function useChosen<Row>(listed: readonly Row[], keyOf: (row: Row) => string): Chosen<Row> {
  const [keys, setKeys] = useState<ReadonlySet<string>>(new Set());
  const rows = listed.filter((row) => keys.has(keyOf(row)));
  return {
    rows,
    has: (row) => keys.has(keyOf(row)),
    toggle(row) {
      const changed = new Set(keys);
      if (!changed.delete(keyOf(row))) changed.add(keyOf(row));
      setKeys(changed);
    },
    toggleAll: () => setKeys(new Set(rows.length === listed.length ? [] : listed.map(keyOf))),
  };
}
