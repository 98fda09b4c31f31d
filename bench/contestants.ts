import { CAUSEWAY, CAUSEWAY_TUS } from "./causeway.ts";
import { startNodeRig } from "./node-rig.ts";
import type { Rig } from "./rig.ts";
import type { Sinks } from "./sinks.ts";
import type { TusOptions } from "./tus-client.ts";
import type { MakeUpload } from "./uploads.ts";
import { makePutUpload, makeTusCreation, makeTusUpload } from "./uploads.ts";
import type { WorkerBindings, WorkerUnderTest } from "./worker-rig.ts";
import { startWorkerRig } from "./worker-rig.ts";

/** One server that is measured. */
export interface Contestant {
  readonly name: string;
  readonly start: (sinks: Sinks) => Promise<Rig>;
  readonly makeUpload: MakeUpload;
  /** The same for a file of a few bytes, in as few requests as the protocol has. */
  readonly makeSmallUpload: MakeUpload;
  /** A floor takes each file in one request, so PATCH sizes don't apply to it. */
  readonly isFloor: boolean;
}

/** What the ratios are taken to: multipart in a Durable Object, our topology and nothing else. */
export const REFERENCE = "floor-multipart-do";
/** The product itself, of which the targets speak. */
export const PRODUCT = "causeway";

/** Where the servers off the shelf have their uploads. */
const TUS_SERVER: TusOptions = { path: "/files" };

function workerEntry(name: string): URL {
  return new URL(`./workers/${name}.ts`, import.meta.url);
}

function uploadsObject(className: string): WorkerBindings {
  return { durableObjects: { UPLOADS: { className, useSQLite: true } } };
}

function inWorkerd(worker: WorkerUnderTest): Contestant["start"] {
  return (sinks) => startWorkerRig(worker, sinks);
}

function onNode(name: string): Contestant["start"] {
  return (sinks) => startNodeRig(new URL(`./servers/${name}.ts`, import.meta.url), sinks);
}

function floor(name: string, bindings: WorkerBindings): Contestant {
  const start = inWorkerd({ entry: workerEntry(name), bindings });
  return { name, start, makeUpload: makePutUpload, makeSmallUpload: makePutUpload, isFloor: true };
}

function tusServer(name: string, start: Contestant["start"], tus: TusOptions): Contestant {
  const makers = { makeUpload: makeTusUpload(tus), makeSmallUpload: makeTusCreation(tus) };
  return { name, start, ...makers, isFloor: false };
}

export const CONTESTANTS: readonly Contestant[] = [
  floor("floor-put", {}),
  floor("floor-multipart-worker", {}),
  floor(REFERENCE, uploadsObject("FloorObject")),
  tusServer(
    "tus-server-as-is",
    inWorkerd({ entry: workerEntry("tus-server-as-is"), bindings: uploadsObject("TusObject") }),
    TUS_SERVER,
  ),
  tusServer("tus-file-store-on-node", onNode("tus-file-store"), TUS_SERVER),
  tusServer("tus-s3-store-on-node", onNode("tus-s3-store"), TUS_SERVER),
  tusServer(PRODUCT, inWorkerd(CAUSEWAY), CAUSEWAY_TUS),
];

/** Contestants by name. Throws an Error for the reader where one of the names is nobody's. */
export function chooseContestants(names: readonly string[]): readonly Contestant[] {
  const unknown = names.find((name) => !CONTESTANTS.some((contestant) => contestant.name === name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: no such contestant`);
  return CONTESTANTS.filter(({ name }) => names.includes(name));
}
