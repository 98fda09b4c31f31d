import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rig } from "./rig.ts";
import { startServerProcess } from "./server-process.ts";
import type { Sinks } from "./sinks.ts";

function emptyDirectory(directory: string): void {
  for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
}

/** Starts one of bench/servers: `DIRECTORY` is its disk and its place for temporary files, `S3_ENDPOINT` the S3 sink. */
export async function startNodeRig(module: URL, sinks: Sinks): Promise<Rig> {
  const home = mkdtempSync(join(tmpdir(), "causeway-bench-"));
  const [files, temporary] = [join(home, "files"), join(home, "tmp")];
  for (const directory of [files, temporary]) mkdirSync(directory);
  const { origin, pid, stop } = await startServerProcess(module, {
    DIRECTORY: files,
    TMPDIR: temporary,
    S3_ENDPOINT: sinks.s3.origin.origin,
  });
  return {
    origin,
    pid,
    discardStored: async () => emptyDirectory(files),
    stop: async () => {
      await stop();
      rmSync(home, { recursive: true });
    },
  };
}
