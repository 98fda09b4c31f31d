import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { TenantId } from "#contract/ids.ts";
import { bundleOnce } from "../../../scripts/dev/build.ts";
import { COMPATIBILITY } from "../../../scripts/dev/compatibility.ts";
import { miniflare } from "../../../scripts/dev/from-wrangler.ts";
import { applyMigrations } from "../../../scripts/dev/migrations.ts";
import { openDatabase } from "../../../scripts/dev/side-door/client.ts";
import { SIDE_DOOR_NAME, sideDoorWorker } from "../../../scripts/dev/side-door/options.ts";
import { newStateDirectory } from "../../support/migrated-state.ts";
import { useStarted } from "../../support/started.ts";

export interface Databases {
  /** The bindings of D1, by their names. */
  readonly bindings: Readonly<Record<string, D1Database>> & { readonly DB: D1Database };
  stop(): Promise<void>;
}

/**
 * Real D1 databases, migrated, for services that are called as the worker calls them, from here: one set for all tests of
 * a file.
 */
export function useDatabases(...more: readonly string[]): Databases {
  return useStarted(() => startDatabases(...more));
}

const TOKEN = "records-tests";

async function startDatabases(...more: readonly string[]): Promise<Databases> {
  const names = ["DB", ...more];
  const directory = await newStateDirectory("causeway-records-");
  const runtime = new miniflare.Miniflare(
    miniflare.convertV4MiniflareOptions({
      resourcePersistencePath: directory,
      workers: [
        sideDoorWorker({
          script: await bundleOnce("scripts/dev/side-door/index.ts"),
          compatibilityDate: COMPATIBILITY.compatibilityDate,
          ...{ token: TOKEN, d1Databases: names },
        }) as never,
      ],
    }),
  );
  const door = { url: await runtime.unsafeGetDirectURL(SIDE_DOOR_NAME), token: TOKEN };
  const open = async (name: string): Promise<D1Database> => {
    const database = openDatabase(door, name);
    await applyMigrations(database);
    return database;
  };
  const opened: [string, D1Database][] = [];
  for (const name of names) opened.push([name, await open(name)]);
  const [[, DB]] = opened as [[string, D1Database], ...[string, D1Database][]];
  return {
    bindings: { ...Object.fromEntries(opened), DB },
    async stop() {
      await runtime.dispose();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function newTenantId(): TenantId {
  return TenantId.parse(`t${randomBytes(8).toString("hex")}`);
}
