import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { CAUSEWAY_COUNTED, CAUSEWAY_TUS } from "./causeway.ts";
import type { OperationCounts } from "./operation-counts.ts";
import { addCounts, countOf, formatCounts, takeOperations } from "./operation-counts.ts";
import type { ProductSession } from "./product-session.ts";
import { withProduct } from "./product-session.ts";
import type { Section } from "./section.ts";
import { formatTable } from "./table.ts";
import type { TargetResult } from "./targets.ts";
import { atMost } from "./targets.ts";
import { makeBody } from "./uploads.ts";

const MIB = 1024 * 1024;
const D1_BATCHES = 2;

interface Scenario {
  readonly name: string;
  readonly fileBytes: number;
  /** undefined: the file comes with the creation. */
  readonly patchBytes?: number;
}

const SCENARIOS: readonly Scenario[] = [
  { name: "64 MiB, PATCH 8 MiB", fileBytes: 64 * MIB, patchBytes: 8 * MIB },
  { name: "64 MiB, PATCH one", fileBytes: 64 * MIB, patchBytes: 64 * MIB },
  { name: "1 KiB in its creation", fileBytes: 1024 },
];

/** The last PATCH also ends the upload: what it takes isn't what each takes. */
type Stage = "creation" | "PATCHes but the last" | "last PATCH" | "whole upload";

interface OperationFigures {
  readonly name: string;
  readonly stage: Stage;
  readonly requests: number;
  readonly operations: OperationCounts;
}

async function countStages({ client, tus }: ProductSession, scenario: Scenario): Promise<OperationFigures[]> {
  const { name, fileBytes, patchBytes } = scenario;
  const body = makeBody(patchBytes ?? fileBytes);
  const path = await tus.create(fileBytes, patchBytes === undefined ? body : undefined);
  const creation: OperationFigures = {
    ...{ name, stage: "creation", requests: 1 },
    operations: await takeOperations(client),
  };
  if (patchBytes === undefined) return [creation];
  let offset = 0;
  for (; offset + patchBytes < fileBytes;) offset = await tus.append(path, offset, body);
  const requests = offset / patchBytes;
  const operations = await takeOperations(client);
  await tus.append(path, offset, body.subarray(0, fileBytes - offset));
  const last = { name, stage: "last PATCH", requests: 1, operations: await takeOperations(client) } as const;
  return [
    creation,
    ...(requests > 0 ? [{ name, stage: "PATCHes but the last", requests, operations } as const] : []),
    last,
  ];
}

function sumUp(stages: readonly OperationFigures[], name: string): OperationFigures {
  const requests = stages.reduce((sum, stage) => sum + stage.requests, 0);
  return {
    ...{ name, stage: "whole upload", requests },
    operations: addCounts(stages.map((stage) => stage.operations)),
  };
}

async function countScenario(session: ProductSession, scenario: Scenario): Promise<OperationFigures[]> {
  const stages = await countStages(session, scenario);
  const whole = sumUp(stages, scenario.name);
  return stages.length === 1 ? [whole] : [...stages, whole];
}

/** An isolate asks for a tenant's settings once in half a minute: that isn't counted with whichever upload it falls on. */
async function meetTenant({ client, tus }: ProductSession): Promise<void> {
  await tus.create(1);
  await takeOperations(client);
}

const HEADERS = [
  ...["upload", "stage", "requests", "R2", "D1 batches", "D1 statements", "queue sends"],
  ...["SQL reads", "rows read", "SQL writes", "rows written", "alarms set, cleared"],
];
const PLAIN_COLUMNS = [
  ...["d1.batch", "d1.statement", "queue.send"],
  ...["sql.read", "sql.rowsRead", "sql.write", "sql.rowsWritten"],
];

function formatRow({ name, stage, requests, operations }: OperationFigures): string[] {
  const plain = PLAIN_COLUMNS.map((column) => String(countOf(operations, column)));
  const alarms = `${countOf(operations, "alarm.setAlarm")}, ${countOf(operations, "alarm.deleteAlarm")}`;
  return [name, stage, String(requests), formatCounts(operations, "r2."), ...plain, alarms];
}

function targetsOf({ name, stage, operations }: OperationFigures): TargetResult[] {
  if (stage === "whole upload") {
    const measured = countOf(operations, "d1.batch");
    return [atMost({ figure: `D1 batches, ${name}`, unit: "", limit: D1_BATCHES, measured })];
  }
  if (stage !== "PATCHes but the last") return [];
  const measured = countOf(operations, "d1.statement");
  return [atMost({ figure: `D1 statements of ${stage}, ${name}`, unit: "", limit: 0, measured })];
}

/** A step in a file's life and the rows that D1 bills for it (bench/records). */
interface WrittenRows {
  readonly step: string;
  readonly rows: number;
}

const MOST_WRITTEN_ROWS = 31;

async function countWrittenRows(): Promise<readonly WrittenRows[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, "records", "main.ts"),
  ]);
  return JSON.parse(stdout) as readonly WrittenRows[];
}

function rowsOfFile(written: readonly WrittenRows[]): TargetResult {
  const ofFile = written.filter(({ step }) => step !== "read");
  const measured = ofFile.reduce((sum, { rows }) => sum + rows, 0);
  return atMost({ figure: "rows written for a plain file", unit: "", limit: MOST_WRITTEN_ROWS, measured });
}

/** What an upload asks of everything that is billed by the operation. */
export const countOperations: Section = async () => {
  const figures = await withProduct(CAUSEWAY_COUNTED, CAUSEWAY_TUS, async (session) => {
    await meetTenant(session);
    const counted: OperationFigures[] = [];
    for (const scenario of SCENARIOS) counted.push(...(await countScenario(session, scenario)));
    return counted;
  });
  const written = await countWrittenRows();
  const writtenTable = formatTable(
    ["a file of 1 KiB, a read", "D1 rows written"],
    written.map(({ step, rows }) => [step, String(rows)]),
  );
  return {
    figures: [...figures, ...written],
    table: `${formatTable(HEADERS, figures.map(formatRow))}\n\n${writtenTable}`,
    targets: [...figures.flatMap(targetsOf), rowsOfFile(written)],
  };
};
