/** Memory that clients take who send nothing more, and stores that answer nothing more. */
import { setTimeout as wait } from "node:timers/promises";
import { MIDDLE_ROOM_BYTES, READING_BYTES } from "../worker/uploads/writing/reading-buffers.ts";
import { SLABS_BYTES, SMALL_LIMIT_BYTES } from "../worker/uploads/writing/slabs.ts";
import { CAUSEWAY, CAUSEWAY_COLLECTED, CAUSEWAY_TUS } from "./causeway.ts";
import { Client } from "./client.ts";
import { whileCollecting } from "./collector.ts";
import { readPeakRssBytes, readRssBytes, resetPeakRss } from "./process-usage.ts";
import type { Section } from "./section.ts";
import type { Sinks } from "./sinks.ts";
import { startSinks } from "./sinks.ts";
import { formatBytes, formatMemory, formatTable } from "./table.ts";
import { atMost } from "./targets.ts";
import { TusClient } from "./tus-client.ts";
import { makeBody } from "./uploads.ts";
import type { WorkerRig } from "./worker-rig.ts";
import { startWorkerRig } from "./worker-rig.ts";

const MIB = 1024 * 1024;
const PART_BYTES = 8 * MIB;
const STALLED_MIB = 60;
/** What uploads of an isolate may have in memory (worker/uploads/writing), … */
const BUDGET_MIB = (SLABS_BYTES + SMALL_LIMIT_BYTES + READING_BYTES + MIDDLE_ROOM_BYTES) / MIB;
/** … and how many parts are given up before what they take is compared with it. */
const FIRST_GIVEN_UP = 2;
/** Longer than anybody waits for memory, and than a client has to be silent for its memory to be given back. */
const SETTLING_MS = 4_000;
const CREATED_AT_ONCE = 16;

interface StalledFigures {
  readonly what: string;
  /** Whether the isolate was made to collect its garbage all the time. */
  readonly isCollected: boolean;
  readonly count: number;
  readonly idleRssBytes: number;
  readonly peakRssBytes: number;
  /** The most that V8 counted of the isolate, above what it did before. */
  readonly isolateBytes: number;
}

type Measured = Omit<StalledFigures, "isCollected">;

interface Place {
  readonly rig: WorkerRig;
  readonly sinks: Sinks;
  readonly tus: TusClient;
}

/** Starts the product in a process of its own for `measure`, and stops it whatever happens. */
async function inPlace(
  isCollected: boolean,
  connections: number,
  measure: (place: Place) => Promise<Measured>,
): Promise<StalledFigures> {
  const sinks = await startSinks();
  try {
    const rig = await startWorkerRig(
      { ...(isCollected ? CAUSEWAY_COLLECTED : CAUSEWAY), isInspected: true },
      sinks,
    );
    const client = new Client(rig.origin, connections);
    const measured = () => measure({ rig, sinks, tus: new TusClient(client, CAUSEWAY_TUS) });
    try {
      return { ...(await (isCollected ? whileCollecting(rig, measured) : measured())), isCollected };
    } finally {
      client.close();
      await rig.stop();
    }
  } finally {
    await sinks.stop();
  }
}

async function createMany({ tus }: Place, count: number, sizeBytes: number): Promise<readonly string[]> {
  const paths: string[] = [];
  while (paths.length < count) {
    const several = Math.min(CREATED_AT_ONCE, count - paths.length);
    paths.push(...(await Promise.all(Array.from({ length: several }, () => tus.create(sizeBytes)))));
  }
  return paths;
}

/** Objects that are all in memory beside the same whose clients sent a byte and fell silent. */
function measureStalled(count: number, isCollected: boolean): Promise<StalledFigures> {
  return inPlace(isCollected, count, async (place) => {
    const { rig, tus } = place;
    const paths = await createMany(place, count, PART_BYTES);
    const idleBytes = await rig.isolateBytes();
    const idleRssBytes = readRssBytes(rig.pid);
    resetPeakRss(rig.pid);
    const byte = makeBody(1);
    const stalled = await Promise.all(paths.map((path) => tus.appendAndStall(path, 0, byte, PART_BYTES)));
    await wait(SETTLING_MS);
    const peakRssBytes = readPeakRssBytes(rig.pid);
    const isolateBytes = (await rig.isolateBytes()) - idleBytes;
    for (const leave of stalled) leave();
    return { what: "stalled one-byte PATCHes", count, idleRssBytes, peakRssBytes, isolateBytes };
  });
}

async function silentParts({ sinks }: Place): Promise<number> {
  const answer = await fetch(new URL("/silence", sinks.bucket.origin));
  return ((await answer.json()) as { parts: number }).parts;
}

/** Sends a part to a store that doesn't answer, and takes the upload over, so that the call is given up. */
async function giveUpPart(place: Place, body: Uint8Array): Promise<void> {
  const { tus } = place;
  const before = await silentParts(place);
  const path = await tus.create(3 * PART_BYTES);
  const appending = tus.append(path, 0, body).catch(() => {});
  while ((await silentParts(place)) === before) await wait(20);
  await tus.offset(path);
  await appending;
}

/** What many parts take that the store was given up with: resident, beside a few, and of the isolate, beside none. */
function measureGivenUp(count: number, isCollected: boolean): Promise<StalledFigures> {
  return inPlace(isCollected, 2, async (place) => {
    const { rig, sinks } = place;
    await fetch(new URL("/silence", sinks.bucket.origin), { method: "POST" });
    const body = makeBody(PART_BYTES);
    const idleBytes = await rig.isolateBytes();
    for (let index = 0; index < FIRST_GIVEN_UP; index += 1) await giveUpPart(place, body);
    const idleRssBytes = readRssBytes(rig.pid);
    resetPeakRss(rig.pid);
    const above: number[] = [];
    for (let index = FIRST_GIVEN_UP; index < count; index += 1) {
      await giveUpPart(place, body);
      above.push((await rig.isolateBytes()) - idleBytes);
    }
    const what = `parts given up, beside ${FIRST_GIVEN_UP}`;
    const isolateBytes = Math.max(...above);
    return { what, count, idleRssBytes, peakRssBytes: readPeakRssBytes(rig.pid), isolateBytes };
  });
}

const HEADERS = ["what", "collected", "number", "idle → peak RSS", "above idle", "isolate above idle"];

function formatRow(figures: StalledFigures): string[] {
  const { what, isCollected, count, idleRssBytes, peakRssBytes } = figures;
  const above = formatBytes(peakRssBytes - idleRssBytes);
  const isolate = formatBytes(figures.isolateBytes);
  return [what, isCollected ? "yes" : "no", String(count), formatMemory(figures), above, isolate];
}

function residentTarget({ count, what, idleRssBytes, peakRssBytes }: StalledFigures) {
  const measured = (peakRssBytes - idleRssBytes) / MIB;
  const figure = `resident above idle, ${count} ${what}`;
  return atMost({ figure, unit: "MiB", limit: STALLED_MIB, measured });
}

/** The budgets are the isolate's: what workerd and SQLite have beside it is in the same process here alone. */
function isolateTarget({ count, what, isolateBytes }: StalledFigures) {
  const figure = `isolate above idle, ${count} ${what}`;
  return atMost({ figure, unit: "MiB", limit: BUDGET_MIB, measured: isolateBytes / MIB });
}

export const measureStalls: Section = async ({ stalled: { bodies, parts } }) => {
  const silent = await measureStalled(bodies, false);
  const silentCollected = await measureStalled(bodies, true);
  const givenUp = await measureGivenUp(parts, false);
  const givenUpCollected = await measureGivenUp(parts, true);
  const figures = [silent, silentCollected, givenUp, givenUpCollected];
  return {
    figures,
    table: formatTable(HEADERS, figures.map(formatRow)),
    // Of what is in use: when V8 collects the rest isn't the product's choice.
    targets: [residentTarget(silentCollected), ...[silentCollected, givenUpCollected].map(isolateTarget)],
  };
};
