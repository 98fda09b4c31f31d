/**
 * Pages of lists at more and more files of one tenant: time, CPU of the worker with its database, and the rows that D1
 * bills. The product's worker over miniflare's D1, whose file is filled from outside while nobody has it.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { TenantId, UserId } from "#contract/ids.ts";
import { applyMigrations } from "../scripts/dev/migrations.ts";
import { authorizationOf, causewayOnD1, ROWS_READ_HEADER } from "./causeway.ts";
import { Client } from "./client.ts";
import { generateFiles, LISTED_TENANT } from "./listing-data.ts";
import type { BenchList } from "./listing-lists.ts";
import { BENCH_LISTS } from "./listing-lists.ts";
import type { ListingLoad } from "./loads.ts";
import { migratable } from "./local-migrations.ts";
import { readCpuSeconds } from "./process-usage.ts";
import type { Section } from "./section.ts";
import type { Sinks } from "./sinks.ts";
import { startSinks } from "./sinks.ts";
import { formatTable } from "./table.ts";
import type { TargetResult } from "./targets.ts";
import { atMost } from "./targets.ts";
import type { WorkerRig } from "./worker-rig.ts";
import { startWorkerRig } from "./worker-rig.ts";

const PAGE = 50;
const P95_MS = 20;
/** What of time may grow with the number of files. */
const GROWTH = 1.5;
const GROWTH_MS = 3;
const WARM_UP = 3;

interface ListFigures {
  readonly files: number;
  readonly name: string;
  readonly items: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Of workerd, which is the worker and its database. */
  readonly cpuMs: number;
  readonly rowsRead: number;
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

function databaseIn(directory: string): string {
  const found = readdirSync(directory, { recursive: true, encoding: "utf8" }).find(
    (path) => path.includes("D1DatabaseObject") && /[0-9a-f]{64}\.sqlite$/.test(path),
  );
  if (found === undefined) throw new Error("miniflare made no database.");
  return join(directory, found);
}

async function fill(directory: string, fileCount: number): Promise<void> {
  const database = new DatabaseSync(databaseIn(directory));
  try {
    await applyMigrations(migratable(database));
    generateFiles(database, fileCount);
  } finally {
    database.close();
  }
}

/** Starts the product over a database with so many files. */
async function startFilled(directory: string, sinks: Sinks, fileCount: number): Promise<WorkerRig> {
  const empty = await startWorkerRig(causewayOnD1(directory), sinks);
  const client = new Client(empty.origin, 1);
  // There is no database before the first statement, which this makes and answers whatever becomes of it.
  await client.send("GET", "/health", {});
  client.close();
  await empty.stop();
  await fill(directory, fileCount);
  return startWorkerRig(causewayOnD1(directory), sinks);
}

interface Page {
  readonly items: readonly unknown[];
  readonly nextCursor: string | null;
}

class Lists {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async read(
    list: BenchList,
    more: { cursor?: string; countRows?: boolean } = {},
  ): Promise<Page & { rowsRead: number }> {
    const { user = "boss", role = "admin" } = list;
    const identity = { tenantId: TenantId.parse(LISTED_TENANT), userId: UserId.parse(user), role };
    const cursor = more.cursor === undefined ? "" : `&cursor=${more.cursor}`;
    const path = `/v1/files?limit=${PAGE}&${list.query}${cursor}`.replace(/&$/, "");
    const count: Record<string, string> = more.countRows === true ? { [ROWS_READ_HEADER]: "1" } : {};
    const answer = await this.#client.send("GET", path, { ...(await authorizationOf(identity)), ...count });
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
    return { ...(JSON.parse(answer.text) as Page), rowsRead: Number(answer.headers[ROWS_READ_HEADER]) };
  }

  /** The cursor of a page that is so far into the list. */
  async cursorOf(list: BenchList): Promise<string | undefined> {
    if (list.deepValue === undefined) return undefined;
    const { nextCursor } = await this.read(list);
    const [, ...rest] = JSON.parse(Buffer.from(nextCursor ?? "", "base64url").toString()) as unknown[];
    return Buffer.from(JSON.stringify([list.deepValue, ...rest])).toString("base64url");
  }
}

async function measureList(
  rig: WorkerRig,
  lists: Lists,
  list: BenchList,
  files: number,
  requests: number,
): Promise<ListFigures> {
  const cursor = await lists.cursorOf(list);
  const at = cursor === undefined ? {} : { cursor };
  const { items, rowsRead } = await lists.read(list, { ...at, countRows: true });
  for (let left = WARM_UP; left > 0; left -= 1) await lists.read(list, at);
  const times: number[] = [];
  const cpuBefore = readCpuSeconds(rig.pid);
  for (let left = requests; left > 0; left -= 1) {
    const startedAt = performance.now();
    await lists.read(list, at);
    times.push(performance.now() - startedAt);
  }
  const cpuMs = ((readCpuSeconds(rig.pid) - cpuBefore) * 1000) / requests;
  const of = { files, name: list.name, items: items.length, rowsRead };
  return { ...of, cpuMs, p50Ms: percentile(times, 0.5), p95Ms: percentile(times, 0.95) };
}

async function measureAt(sinks: Sinks, files: number, requests: number): Promise<ListFigures[]> {
  const directory = mkdtempSync(join(tmpdir(), "causeway-bench-"));
  try {
    const rig = await startFilled(directory, sinks, files);
    const client = new Client(rig.origin, 1);
    try {
      const figures: ListFigures[] = [];
      for (const list of BENCH_LISTS)
        figures.push(await measureList(rig, new Lists(client), list, files, requests));
      return figures;
    } finally {
      client.close();
      await rig.stop();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureAll({ fileCounts, requests }: ListingLoad): Promise<ListFigures[]> {
  const sinks = await startSinks();
  try {
    const figures: ListFigures[] = [];
    for (const files of fileCounts) figures.push(...(await measureAt(sinks, files, requests)));
    return figures;
  } finally {
    await sinks.stop();
  }
}

/** The same list with the fewest files and with the most, and what a page of the fewest takes. */
interface Pair {
  readonly few: ListFigures;
  readonly many: ListFigures;
  /**
   * The p95 that the list may grow from: its own or, where its few files don't fill a page, that of the plainest list
   * that does. What is found costs as much as finding it.
   */
  readonly fromP95Ms: number;
}

function pairsOf(figures: readonly ListFigures[]): readonly Pair[] {
  const full = figures.find(({ items }) => items === PAGE)?.p95Ms ?? 0;
  return BENCH_LISTS.flatMap(({ name }) => {
    const own = figures.filter((each) => each.name === name);
    const [few, many] = [own[0], own.at(-1)];
    if (few === undefined || many === undefined) return [];
    const isFuller = few.items < Math.min(many.items, PAGE);
    return [{ few, many, fromP95Ms: isFuller ? Math.max(few.p95Ms, full) : few.p95Ms }];
  });
}

function isFlat({ many, fromP95Ms }: Pair): boolean {
  return many.p95Ms <= GROWTH * fromP95Ms + GROWTH_MS;
}

function targetsOf(pairs: readonly Pair[]): TargetResult[] {
  const files = pairs[0]?.many.files ?? 0;
  const slow = pairs.filter(({ many }) => many.p95Ms > P95_MS);
  const grown = pairs.filter((pair) => !isFlat(pair));
  return [
    // Holds on a machine that isn't quiet too: the times have in them what others took.
    atMost({
      ...{ figure: `most CPU of a page of ${files} files`, unit: "ms", limit: P95_MS },
      measured: Math.max(...pairs.map(({ many }) => many.cpuMs)),
    }),
    atMost({
      figure: `lists of ${files} files with p95 over ${P95_MS} ms`,
      unit: "",
      limit: 0,
      measured: slow.length,
    }),
    atMost({
      ...{ figure: `lists whose p95 grew beyond ${GROWTH} × + ${GROWTH_MS} ms`, unit: "" },
      ...{ limit: 0, measured: grown.length },
    }),
  ];
}

function formatRow(pair: Pair): string[] {
  const each = (format: (figures: ListFigures) => string) => [pair.few, pair.many].map(format).join(" → ");
  return [
    pair.many.name,
    each(({ p50Ms }) => p50Ms.toFixed(1)),
    each(({ p95Ms }) => p95Ms.toFixed(1)),
    each(({ cpuMs }) => cpuMs.toFixed(1)),
    each(({ rowsRead }) => String(rowsRead)),
    each(({ items }) => String(items)),
    pair.many.p95Ms <= P95_MS && isFlat(pair) ? "met" : "MISSED",
  ];
}

const HEADERS = ["list", "p50 ms", "p95 ms", "CPU ms", "rows read", "items", ""];

/** Pages of 50 at few and at many files. */
export const measureListing: Section = async ({ listing }) => {
  const figures = await measureAll(listing);
  const pairs = pairsOf(figures);
  return { figures, table: formatTable(HEADERS, pairs.map(formatRow)), targets: targetsOf(pairs) };
};
