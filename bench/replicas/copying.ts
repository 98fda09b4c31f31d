import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectToCopy } from "#contract/replicas.ts";
import { startLocalReplicas } from "../../scripts/dev/replicas/local-replicas.ts";
import { readPeakRssBytes, readRssBytes, resetPeakRss } from "../process-usage.ts";
import type { Row } from "../section.ts";
import { startServerProcess } from "../server-process.ts";
import { formatBytes, formatMemory } from "../table.ts";
import { atMost } from "../targets.ts";
import { contentOf } from "./content.ts";
import type { PrimaryCounts } from "./primary-server.ts";

const ABOVE_IDLE_MIB = 150;
const MIB = 1024 * 1024;

/** One large file to four targets at once: how often the primary is read for that, and what memory it takes. */
export async function measureCopying(fileBytes: number): Promise<readonly Row[]> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-bench-"));
  const replicas = await startLocalReplicas(directory, () => {});
  const primary = await startServerProcess(new URL("primary-server.ts", import.meta.url), {
    BENCH_FILE_BYTES: String(fileBytes),
  });
  const { origin } = primary;
  const copier = fork(new URL("copier.ts", import.meta.url), {
    env: { ...process.env, ...replicas.env, BENCH_PRIMARY: origin.href },
  });
  try {
    const [ready] = (await once(copier, "message")) as unknown[];
    if (ready !== "ready") throw new Error("The copying process isn't ready.");
    const copied = await copyOnce(copier, objectOf(fileBytes));
    const counts = (await (await fetch(new URL("/counts", origin))).json()) as PrimaryCounts;
    return rowsOf(fileBytes, counts, copied);
  } finally {
    const ended = once(copier, "exit");
    copier.kill();
    await ended;
    await primary.stop();
    await replicas.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function objectOf(fileBytes: number): ObjectToCopy {
  const hash = createHash("sha256");
  for (const chunk of contentOf(fileBytes)) hash.update(chunk);
  const facts = { contentType: "application/octet-stream", disposition: "attachment" };
  return { objectKey: "t/bench/file/1/original-1", etag: "bench", sha256: hash.digest("hex"), ...facts };
}

interface Copied {
  readonly idleRssBytes: number;
  readonly peakRssBytes: number;
  readonly seconds: number;
}

/** Throws where the file isn't stored at each target. */
async function copyOnce(copier: ChildProcess, object: ObjectToCopy): Promise<Copied> {
  const { pid } = copier;
  if (pid === undefined) throw new Error("The copying process has no id.");
  const idleRssBytes = readRssBytes(pid);
  resetPeakRss(pid);
  const startedAtMs = performance.now();
  copier.send(object);
  const [{ problems }] = (await once(copier, "message")) as [{ problems: readonly string[] }];
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const seconds = (performance.now() - startedAtMs) / 1000;
  return { idleRssBytes, peakRssBytes: readPeakRssBytes(pid), seconds };
}

function rowsOf(fileBytes: number, { reads, givenBytes }: PrimaryCounts, copied: Copied): Row[] {
  const file = `${formatBytes(fileBytes)} to four targets`;
  const read = `bytes read of the primary, over the file's: ${file}`;
  const memory = `memory of the copying process above idle, ${file}`;
  const rate = `${(fileBytes / MIB / copied.seconds).toFixed(0)} MiB/s`;
  return [
    {
      figure: read,
      measured: `${formatBytes(givenBytes)} by ${reads} ${reads === 1 ? "read" : "reads"}, at ${rate}`,
      target: atMost({ figure: read, unit: "×", limit: 1, measured: givenBytes / fileBytes }),
    },
    {
      figure: memory,
      measured: formatMemory(copied),
      target: atMost({
        ...{ figure: memory, unit: "MiB", limit: ABOVE_IDLE_MIB },
        measured: (copied.peakRssBytes - copied.idleRssBytes) / MIB,
      }),
    },
  ];
}
