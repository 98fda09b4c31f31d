import { cp, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { COMPATIBILITY } from "../../scripts/dev/compatibility.ts";
import { miniflare } from "../../scripts/dev/from-wrangler.ts";
import { applyMigrations } from "../../scripts/dev/migrations.ts";
import { stateRoot } from "./state-root.ts";

/** Where a run's stacks find databases that have had all migrations. Each would take half a second for its own. */
const MIGRATED = "CAUSEWAY_MIGRATED";
const DATABASES = "d1";

/** Makes the databases of those ids, once for all tests of a run: miniflare names their files by their ids alone. */
export async function makeMigratedState(directory: string, ids: readonly string[]): Promise<void> {
  const runtime = new miniflare.Miniflare(
    miniflare.convertV4MiniflareOptions({
      resourcePersistencePath: directory,
      workers: [
        {
          ...{ name: "migrations", modules: true, script: "export default {}", ...COMPATIBILITY },
          d1Databases: Object.fromEntries(ids.map((id) => [id, id])),
        },
      ],
    }),
  );
  await runtime.ready;
  for (const id of ids) await applyMigrations(await runtime.getD1Database(id, "migrations"));
  await runtime.dispose();
  process.env[MIGRATED] = directory;
}

export function forgetMigratedState(): void {
  delete process.env[MIGRATED];
}

/** A fresh directory for a stack's state, with the migrated databases where its runtime looks for them. */
export async function newStateDirectory(prefix: string, runtimePath = ""): Promise<string> {
  const directory = await mkdtemp(join(stateRoot(), prefix));
  const migrated = process.env[MIGRATED];
  if (migrated !== undefined) {
    await cp(join(migrated, DATABASES), join(directory, runtimePath, DATABASES), { recursive: true });
  }
  return directory;
}
