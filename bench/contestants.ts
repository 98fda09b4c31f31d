import { CAUSEWAY, CAUSEWAY_TUS } from "./causeway.ts";
import type { WorkerBindings, WorkerUnderTest } from "./rig.ts";
import type { MakeUpload, TusOptions } from "./uploads.ts";
import { makePutUpload, makeTusCreation, makeTusUpload } from "./uploads.ts";

/** One worker that is measured. */
export interface Contestant extends WorkerUnderTest {
  readonly name: string;
  readonly makeUpload: MakeUpload;
  /** The same for a file of a few bytes, in as few requests as the protocol has. */
  readonly makeSmallUpload: MakeUpload;
  /** A floor takes each file in one request, so PATCH sizes don't apply to it. */
  readonly isFloor: boolean;
}

/** What the ratios are taken to: multipart in a Durable Object, our topology and nothing else. */
export const REFERENCE = "floor-multipart-do";
/** The product itself, of which the report's last sentence speaks. */
export const PRODUCT = "causeway";

function entry(name: string): URL {
  return new URL(`./workers/${name}.ts`, import.meta.url);
}

function uploadsObject(className: string): WorkerBindings {
  return { durableObjects: { UPLOADS: { className, useSQLite: true } } };
}

function floor(name: string, bindings: WorkerBindings): Contestant {
  const makers = { makeUpload: makePutUpload, makeSmallUpload: makePutUpload };
  return { name, entry: entry(name), bindings, ...makers, isFloor: true };
}

function tusServer(name: string, worker: WorkerUnderTest, tus: TusOptions): Contestant {
  const makers = { makeUpload: makeTusUpload(tus), makeSmallUpload: makeTusCreation(tus) };
  return { name, ...worker, ...makers, isFloor: false };
}

export const CONTESTANTS: readonly Contestant[] = [
  floor("floor-put", {}),
  floor("floor-multipart-worker", {}),
  floor(REFERENCE, uploadsObject("FloorObject")),
  tusServer(
    "tus-server-as-is",
    { entry: entry("tus-server-as-is"), bindings: uploadsObject("TusObject") },
    { path: "/files" },
  ),
  tusServer(PRODUCT, CAUSEWAY, CAUSEWAY_TUS),
];
