import type { WorkerBindings, WorkerUnderTest } from "./rig.ts";
import type { MakeUpload } from "./uploads.ts";
import { makePutUpload, makeTusUpload } from "./uploads.ts";

/**
 * One worker that is measured. To add Causeway's: an entry in bench/workers/ that exports the real worker and Durable
 * Objects with `withSinkBucket(env)` in place of their env, its D1, queue and secrets in `bindings`, and
 * `makeTusUpload({ path, headers: () => ({ authorization }), metadata })`.
 */
export interface Contestant extends WorkerUnderTest {
  readonly name: string;
  readonly makeUpload: MakeUpload;
  /** A floor takes each file in one request, so PATCH sizes don't apply to it. */
  readonly isFloor: boolean;
}

/** What the ratios are taken to: multipart in a Durable Object, our topology and nothing else. */
export const REFERENCE = "floor-multipart-do";

function entry(name: string): URL {
  return new URL(`./workers/${name}.ts`, import.meta.url);
}

function uploadsObject(className: string): WorkerBindings {
  return { durableObjects: { UPLOADS: { className, useSQLite: true } } };
}

function floor(name: string, bindings: WorkerBindings): Contestant {
  return { name, entry: entry(name), bindings, makeUpload: makePutUpload, isFloor: true };
}

export const CONTESTANTS: readonly Contestant[] = [
  floor("floor-put", {}),
  floor("floor-multipart-worker", {}),
  floor(REFERENCE, uploadsObject("FloorObject")),
  {
    name: "tus-server-as-is",
    entry: entry("tus-server-as-is"),
    bindings: uploadsObject("TusObject"),
    makeUpload: makeTusUpload({ path: "/files" }),
    isFloor: false,
  },
];
