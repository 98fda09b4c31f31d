import { randomUUID } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import type { TenantId } from "#contract/ids.ts";
import { FileId } from "#contract/ids.ts";
import type { ConfiguredTarget } from "#contract/replicas.ts";
import { allDatabases, databaseFor } from "../../worker/db/database.ts";
import { insertRemoval } from "../../worker/db/replica-removals.ts";
import { upsertHeartbeat } from "../../worker/db/reports.ts";
import { checkHealth, isReady } from "../../worker/services/health.ts";
import { startRemovals } from "../../worker/services/replica-reports.ts";
import { findTargetsFor } from "../../worker/services/replica-targets.ts";
import type { ObjectReader } from "../../worker/storage/object-store.ts";
import { newTenantId, useDatabases } from "./support/databases.ts";
const databases = useDatabases("DB_EU");
const NOW = 1_700_000_000_000;

/** What a processor says of itself. */
async function beat(processorId: string, ...targets: ConfiguredTarget[]): Promise<void> {
  const facts = { scanner: "ok", scannerDetail: "Test", signatureVersion: "1", queue: "ok" } as const;
  const report = {
    ...facts,
    kind: "heartbeat",
    processorId,
    backlog: 0,
    tools: [],
    targets,
    atMs: NOW,
  } as const;
  const [db] = allDatabases(databases.bindings);
  if (db !== undefined) await upsertHeartbeat(db, { ...report, tools: [] }, NOW, 0);
}

const HERE: ConfiguredTarget = { name: "disk", kind: "directory" };

function inEurope(name: string): ConfiguredTarget {
  return { name, kind: "directory", jurisdiction: "eu" };
}

/** A tenant that has to stay there, one that needn't, and a removal that is owed at a target for each. */
async function newTenants(target: string, otherTarget: string) {
  const pinned = newTenantId();
  const other = newTenantId();
  const env = { ...databases.bindings, TENANT_JURISDICTIONS: `${pinned}=eu` };
  for (const [tenantId, owedAt] of [
    [pinned, target],
    [other, otherTarget],
  ] as const) {
    const ref = { tenantId, fileId: FileId.parse("0".repeat(26)), version: 1, target: owedAt };
    await insertRemoval(databaseFor(env, tenantId), ref, "t/key", NOW);
  }
  const ask = (targets: string[]) =>
    startRemovals(env, { kind: "removals-start", leaseId: randomUUID(), targets }, NOW);
  const targetsOf = async (tenantId: TenantId) =>
    (await findTargetsFor(env, tenantId, NOW)).map(({ name }) => name);
  return { env, pinned, other, ask, targetsOf };
}

beforeEach(async () => {
  for (const name of ["DB", "DB_EU"]) {
    await databases.bindings[name]?.exec("DELETE FROM replica_removals; DELETE FROM processor_heartbeats");
  }
});

test("a tenant's copies and removals are at the targets of the place where it has to stay", async () => {
  await beat("here", HERE);
  await beat("there", inEurope("eu-disk"));
  const { pinned, other, ask, targetsOf } = await newTenants("eu-disk", "disk");
  expect(await targetsOf(pinned)).toEqual(["eu-disk"]);
  expect(await targetsOf(other)).toEqual(["disk"]);
  expect((await ask(["disk"])).removals).toMatchObject([{ tenantId: other, target: "disk" }]);
  expect((await ask(["eu-disk"])).removals).toMatchObject([{ tenantId: pinned, target: "eu-disk" }]);
});

test("a processor isn't given removals of a place where its target isn't, whatever that is called", async () => {
  await beat("here", HERE);
  const { ask, other } = await newTenants("disk", "disk");
  expect((await ask(["disk"])).removals).toMatchObject([{ tenantId: other }]);
  expect((await ask(["disk"])).removals).toEqual([]);
});

test("targets of one name in two places are none, and health says so", async () => {
  await beat("here", HERE);
  await beat("there", inEurope("disk"), inEurope("vault"));
  const { env, pinned, other, ask, targetsOf } = await newTenants("disk", "disk");
  expect(await targetsOf(pinned)).toEqual(["vault"]);
  expect(await targetsOf(other)).toEqual([]);
  expect((await ask(["disk"])).removals).toEqual([]);
  const objects = { head: async () => undefined } as unknown as ObjectReader;
  const probes = { objects, databaseAlertShare: 0.8, replicaReads: undefined, development: false };
  const { parts } = await checkHealth(env, probes, "test", NOW);
  expect(parts.processor).toEqual({
    state: "down",
    detail: 'Replica targets in different jurisdictions are called "disk": nothing is copied to either.',
  });
});

test.each([
  ["ok", "unnumbered", true, "ok"],
  ["ok", "unnumbered", false, "degraded"],
  ["ok", "27841/Mon Nov 23 09:00:00 2026", false, "ok"],
  ["down", null, false, "down"],
] as const)(
  "a scanner that is %s with signatures %s is, with development %s, %s",
  async (scanner, signatureVersion, development, state) => {
    const report = {
      scannerDetail: "Test",
      queue: "ok",
      backlog: 0,
      atMs: NOW,
    } as const;
    const [db] = allDatabases(databases.bindings);
    if (db === undefined) throw new Error("There is no database.");
    const beating = { ...report, kind: "heartbeat", processorId: "p", scanner, signatureVersion } as const;
    await upsertHeartbeat(db, { ...beating, tools: [], targets: [] }, NOW, 0);
    const objects = { head: async () => undefined } as unknown as ObjectReader;
    const probes = { objects, databaseAlertShare: 0.8, replicaReads: undefined, development };
    const health = await checkHealth(databases.bindings, probes, "test", NOW);
    expect(health.parts.scanner.state).toBe(state);
    expect(health.status).toBe(state === "ok" ? "ok" : "degraded");
    // Old signatures make files wait; test signatures make them pass, which is to be known and stops nothing.
    expect(isReady(health)).toBe(state !== "down");
  },
);
