import type { Health } from "#contract/api.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { allDatabases } from "../db/database.ts";
import type { HeartbeatRow } from "../db/reports.ts";
import { findHeartbeats } from "../db/reports.ts";
import { withDeadline } from "../deadline.ts";
import type { ObjectReader } from "../storage/object-store.ts";
import type { Filling } from "./database-sizes.ts";
import { measureFillings } from "./database-sizes.ts";
import { ambiguousNames } from "./replica-targets.ts";

type PartHealth = Health["parts"]["database"];

/** A processor says that it lives every 5 s; three missed and it counts as gone. */
export const HEARTBEAT_MAX_AGE_MS = 16_000;
const PROBE_DEADLINE_MS = 3_000;

const OK = { state: "ok", detail: "Answers." } as const satisfies PartHealth;

function down(detail: string) {
  return { state: "down", detail } as const satisfies PartHealth;
}

/** What is asked beside the database, and of whom. */
export interface HealthProbes {
  /** Whether it is a development stack, for which the test signature will do. */
  readonly development: boolean;
  readonly objects: ObjectReader;
  /** From which share of what it may hold a database is nearly full. */
  readonly databaseAlertShare: number;
  /** Throws where the gateway to replicas doesn't answer as it should. Undefined where there is none. */
  readonly replicaReads: (() => Promise<void>) | undefined;
}

/** The state of each part, asked now. Never throws: what doesn't answer is down. */
export async function checkHealth(
  env: DatabaseBindings,
  probes: HealthProbes,
  version: string,
  nowMs: number,
): Promise<Health> {
  const [heartbeats, fillings, objectsPart, replicaReads] = await Promise.all([
    readHeartbeats(env, nowMs),
    measureFillings(env),
    probeObjects(probes.objects),
    probeReplicaReads(probes.replicaReads),
  ]);
  const database = heartbeats === undefined ? down("The database does not answer.") : OK;
  const needed = { database, objects: objectsPart, ...processorParts(heartbeats ?? [], probes.development) };
  const { tools: _tools, ...withoutTools } = needed;
  const databaseSize = sizePart(fillings, probes.databaseAlertShare);
  const allOk =
    Object.values(withoutTools).every((part) => part.state === "ok") && databaseSize.state !== "down";
  const parts = { ...needed, databaseSize, replicaReads };
  return { status: allOk ? "ok" : "degraded", version, parts };
}

/** So long a report is answered again: whoever asks more often makes nobody work. */
const REPORT_AGE_MS = 1_000;
/** And so long while the next is being made: then whoever asks makes it too, as whoever began it may be gone. */
const MAKING_AGE_MS = 2_000;

interface Kept {
  report?: Health;
  madeAtMs: number;
  isBeingMade: boolean;
}

const kept = new WeakMap<DatabaseBindings, Kept>();

/**
 * The last report of this isolate, or a new one where that is older than a second. While one asks for it, the others are
 * answered by the last for another second: none waits for what another request is doing.
 */
export async function currentHealth(env: DatabaseBindings, check: () => Promise<Health>): Promise<Health> {
  const last = kept.get(env) ?? { madeAtMs: 0, isBeingMade: false };
  kept.set(env, last);
  const nowMs = Date.now();
  const isFresh = nowMs - last.madeAtMs < (last.isBeingMade ? MAKING_AGE_MS : REPORT_AGE_MS);
  if (last.report !== undefined && isFresh) return last.report;
  last.isBeingMade = true;
  const report = await check();
  Object.assign(last, { report, madeAtMs: Date.now(), isBeingMade: false });
  return report;
}

async function readHeartbeats(
  env: DatabaseBindings,
  nowMs: number,
): Promise<readonly HeartbeatRow[] | undefined> {
  try {
    const since = nowMs - HEARTBEAT_MAX_AGE_MS;
    const perDatabase = allDatabases(env).map((db) =>
      withDeadline(findHeartbeats(db, since), PROBE_DEADLINE_MS, "SERVICE_UNAVAILABLE"),
    );
    return (await Promise.all(perDatabase)).flat();
  } catch {
    return undefined;
  }
}

/** From here on a database is full: what there is room for still is its audit trail's and its erasures'. */
const FULL_SHARE = 0.999;

function sizePart(fillings: readonly Filling[], alertShare: number): PartHealth {
  const [fullest] = fillings.toSorted((a, b) => b.share - a.share);
  if (fullest === undefined) return down("Not known: no database answers.");
  const { share } = fullest;
  if (share >= FULL_SHARE) {
    return down("A database is full: its tenants' files aren't taken; they are read and removed as ever.");
  }
  const detail = `The fullest database holds ${Math.ceil(share * 100)} % of what it may.`;
  return { state: share < alertShare ? "ok" : "degraded", detail };
}

async function probeObjects(objects: ObjectReader): Promise<PartHealth> {
  try {
    await withDeadline(objects.head("health/probe"), PROBE_DEADLINE_MS, "STORE_UNAVAILABLE");
    return OK;
  } catch {
    return down("The object store does not answer.");
  }
}

async function probeReplicaReads(
  probe: HealthProbes["replicaReads"],
): Promise<Health["parts"]["replicaReads"]> {
  if (probe === undefined) {
    return { state: "off", detail: "Not configured: what the object store can't give isn't served." };
  }
  try {
    await withDeadline(probe(), PROBE_DEADLINE_MS, "SERVICE_UNAVAILABLE");
    return OK;
  } catch {
    return down("Copies can't be read: what the object store can't give isn't served.");
  }
}

/** What uploads and their scans need: while one of these is down, files can't be taken or wait. */
const NEEDED = ["database", "databaseSize", "objects", "queue", "processor", "scanner"] as const;

/** Whether there is anything to send files to: a part that is degraded goes on. */
export function isReady({ parts }: Health): boolean {
  return NEEDED.every((name) => parts[name].state !== "down");
}

function processorParts(
  alive: readonly HeartbeatRow[],
  development: boolean,
): Pick<Health["parts"], "queue" | "processor" | "scanner" | "tools"> {
  if (alive.length === 0) {
    const unknown = down("Not known: no processor has been heard of.");
    return {
      processor: down("No processor has been heard of for 16 s: files wait."),
      queue: unknown,
      scanner: unknown,
      tools: unknown,
    };
  }
  const pulling = alive.some((row) => row.queue === "ok");
  return {
    processor: targetsPart(alive),
    queue: pulling ? OK : down("The queue does not answer the processor: files wait."),
    scanner: scannerPart(alive, development),
    tools: toolsPart(alive),
  };
}

/** Names of replica targets have to tell where a copy is. */
function targetsPart(alive: readonly HeartbeatRow[]): PartHealth {
  const [name] = ambiguousNames(alive.flatMap(({ targets }) => targets));
  if (name === undefined) return { state: "ok", detail: `${alive.length} running.` };
  return down(
    `Replica targets in different jurisdictions are called "${name}": nothing is copied to either.`,
  );
}

/** A tool that one of them lacks is told: any of them may get the file that needs it. */
function toolsPart(alive: readonly HeartbeatRow[]): PartHealth {
  const lacking = alive.flatMap(({ tools }) => tools).filter(({ state }) => state !== "ok");
  if (lacking.length === 0) return { state: "ok", detail: "All there." };
  return down([...new Set(lacking.map(sentenceOf))].join(" "));
}

function sentenceOf({ name, state, detail }: HeartbeatRow["tools"][number]): string {
  return `${name} is ${state === "installing" ? "being installed" : "missing"}. ${detail}`.trim();
}

/** As processors say of signatures that aren't the maker's own: a development stack's know the test file and no more. */
const TEST_SIGNATURES = "unnumbered";

function scannerPart(alive: readonly HeartbeatRow[], development: boolean): PartHealth {
  const scanning = alive.filter((row) => row.scanner === "ok");
  const [first] = scanning;
  if (first === undefined) {
    const why = alive[0]?.scannerDetail ?? "";
    return down(`No virus scanner can be trusted now: files wait and are not served (${why}).`);
  }
  if (development || scanning.every((row) => row.signatureVersion !== TEST_SIGNATURES)) {
    return { state: "ok", detail: first.scannerDetail };
  }
  return {
    state: "degraded",
    detail:
      "The scanner knows only test signatures: it calls malware clean. Install ClamAV's own (freshclam).",
  };
}
