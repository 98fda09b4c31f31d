import { OPERATIONS_PATH } from "./causeway.ts";
import type { Client } from "./client.ts";

/** As the counted worker counts (bench/workers): `r2.uploadPart`, `d1.batch`, `sql.rowsRead` and so on. */
export type OperationCounts = Readonly<Record<string, number>>;

/** What the counted worker was made to do since this was last asked. */
export async function takeOperations(client: Client): Promise<OperationCounts> {
  const { text } = await client.send("GET", OPERATIONS_PATH, {});
  return JSON.parse(text) as OperationCounts;
}

export function countOf(counts: OperationCounts, name: string): number {
  return counts[name] ?? 0;
}

export function addCounts(all: readonly OperationCounts[]): OperationCounts {
  const names = new Set(all.flatMap((counts) => Object.keys(counts)));
  const sum = (name: string): number => all.reduce((total, counts) => total + countOf(counts, name), 0);
  return Object.fromEntries([...names].map((name) => [name, sum(name)] as const));
}

/** Those whose name begins with `prefix`: `createMultipartUpload, uploadPart × 8`. */
export function formatCounts(counts: OperationCounts, prefix: string): string {
  const chosen = Object.entries(counts).filter(([name]) => name.startsWith(prefix));
  const texts = chosen.map(
    ([name, count]) => `${name.slice(prefix.length)}${count === 1 ? "" : ` × ${count}`}`,
  );
  return texts.join(", ") || "–";
}
