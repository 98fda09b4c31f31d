import { randomBytes } from "node:crypto";
import { median } from "../lanes.ts";
import type { Row } from "../section.ts";
import { atMost } from "../targets.ts";
import { type CopiedTenant, withCopiedStack } from "./copied-stack.ts";

const KINDS = ["s3", "azure", "gcs", "directory"] as const;
const RATIO = 2;
const FILE_BYTES = 1_000_000;
/** The first reads also compile, and open connections. */
const WARM_UP = 3;

/** A read whose original is gone beside the usual one of the same file, by the kind of target that has its copy. */
export async function measureReading(reads: number): Promise<readonly Row[]> {
  return withCopiedStack(async (tenantOf) => {
    const rows: Row[] = [];
    for (const kind of KINDS) rows.push(await measureKind(kind, await tenantOf(kind), reads));
    return rows;
  });
}

async function measureKind(kind: string, tenant: CopiedTenant, reads: number): Promise<Row> {
  const usual: number[] = [];
  const lost: number[] = [];
  for (let index = 0; index < WARM_UP + reads; index += 1) {
    const fileId = await tenant.addCopied(Buffer.from(randomBytes(FILE_BYTES / 2).toString("hex")));
    const before = await tenant.timeFirstByte(fileId);
    await tenant.lose(fileId);
    const after = await tenant.timeFirstByte(fileId, "replica-missing");
    if (index < WARM_UP) continue;
    usual.push(before);
    lost.push(after);
  }
  const figure = `first byte of a file whose original is gone, from ${kind}, over the usual`;
  const [usualMs, lostMs] = [median(usual), median(lost)];
  return {
    figure,
    measured: `${lostMs.toFixed(1)} ms over ${usualMs.toFixed(1)} ms`,
    target: atMost({ figure, unit: "×", limit: RATIO, measured: lostMs / usualMs }),
  };
}
