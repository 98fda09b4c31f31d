import { beforeEach, expect, test } from "vitest";
import { MINIMUM_CHARGE_BYTES } from "#contract/charges.ts";
import type { Caller } from "../support/api.ts";
import { append, createUpload, newCaller, uploadFile } from "../support/api.ts";
import type { Fault, Operation } from "../support/faulty/faults.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { countsOf } from "../support/file-states.ts";

const FAIL: Fault = { kind: "fail" };
const LOSE: Fault = { kind: "lose-answer" };
const HOLD: Fault = { kind: "hold" };

// How a tenant stands is read at every request, so that each makes the same calls to the database.
const stack = useFaultyStack({ TENANT_CACHE_SECONDS: "0" });
let caller: Caller;
beforeEach(async () => {
  caller = await newCaller({ stack });
});

interface Removable {
  readonly fileId: string;
  /** Of the version that may be removed, the second. */
  readonly objects: readonly string[];
  /** Of the others, and of what only looks like the second's. */
  readonly others: readonly string[];
}

/** A file whose second version isn't the current one, with a derivative of it and a stored attempt that no row names. */
async function removableFile(): Promise<Removable> {
  const fileId = await uploadFile(caller, Buffer.from("first"));
  const location = await createUpload(caller, 6, { filename: "notes.txt", replaces: fileId });
  expect((await append(caller, location, 0, "second")).status).toBe(204);
  const file = `t/${caller.tenantId}/${fileId}/`;
  for (const name of ["2/thumbnail.webp", "2/original-7", "20/original-1", "12/thumbnail.webp"]) {
    await stack.putObject(`${file}${name}`, "bytes");
  }
  const keys = await stack.listKeys(file);
  expect(keys).toHaveLength(6);
  const isSecond = (key: string): boolean => key.startsWith(`${file}2/`);
  return { fileId, objects: keys.filter(isSecond), others: keys.filter((key) => !isSecond(key)) };
}

function remove(fileId: string, version = 2): Promise<Response> {
  return caller.fetch(`/v1/files/${fileId}/versions/${version}`, { method: "DELETE" });
}

function keysOf(fileId: string): Promise<readonly string[]> {
  return stack.listKeys(`t/${caller.tenantId}/${fileId}/`);
}

async function versionsOf(fileId: string): Promise<readonly unknown[]> {
  const rows = await stack.query("SELECT version FROM file_versions WHERE file_id = ?", fileId);
  return rows.map(({ version }) => version);
}

async function outboxOf(fileId: string): Promise<readonly unknown[]> {
  const rows = await stack.query("SELECT prefix FROM object_removals WHERE file_id = ?", fileId);
  return rows.map(({ prefix }) => prefix);
}

/** The version is gone, what it took is free, and its objects are still to be removed. */
async function expectLeft({ fileId, objects }: Removable): Promise<void> {
  expect(await versionsOf(fileId)).toEqual([1]);
  expect(await countsOf(stack, caller)).toMatchObject({
    files_bytes: MINIMUM_CHARGE_BYTES,
    versions_bytes: 0,
  });
  expect(await outboxOf(fileId)).toEqual([`t/${caller.tenantId}/${fileId}/2/`]);
  expect(objects).not.toEqual([]);
}

async function expectRemoved({ fileId, others }: Removable): Promise<void> {
  await expect.poll(() => outboxOf(fileId)).toEqual([]);
  expect(await keysOf(fileId)).toEqual(others);
  expect(await versionsOf(fileId)).toEqual([1]);
}

test("a removed version's objects go by the request's own run, and nothing of any other", async () => {
  const [file, other] = [await removableFile(), await removableFile()];
  expect((await remove(file.fileId)).status).toBe(204);
  await expectRemoved(file);
  expect(await keysOf(other.fileId)).toHaveLength(6);
});

test("a removal that is refused writes nothing down", async () => {
  const file = await removableFile();
  expect((await remove(file.fileId, 1)).status).toBe(409);
  expect((await remove(file.fileId, 3)).status).toBe(404);
  expect(await outboxOf(file.fileId)).toEqual([]);
  expect(await keysOf(file.fileId)).toHaveLength(6);
});

const STEPS: readonly (readonly [Operation, Fault])[] = [
  ["list", FAIL],
  ["list", LOSE],
  ["delete", FAIL],
  ["delete", LOSE],
];

test.each(STEPS)("what came to grief at %s (%j) is finished by the next run of cron", async (step, fault) => {
  const file = await removableFile();
  await stack.control({ plan: { operation: step, faults: [fault], fileId: file.fileId } });
  // To its callers it is gone, whatever is left to do.
  expect((await remove(file.fileId)).status).toBe(204);
  await expect.poll(async () => (await stack.control({})).counts[step]).toBe(1);
  await expectLeft(file);
  await stack.runScheduled();
  await expectRemoved(file);
  const { counts } = await stack.control({});
  await stack.runScheduled();
  expect((await stack.control({})).counts).toEqual(counts);
});

async function callsOfARemoval(): Promise<number> {
  const file = await removableFile();
  await stack.control({ database: null });
  expect((await remove(file.fileId)).status).toBe(204);
  await expectRemoved(file);
  return (await stack.control({})).databaseCalls;
}

/** Removes a version with a fault at one of the `calls` to the database, and says how that was answered and left. */
async function removeWithFault(kind: "fail" | "lose-answer", atCall: number, calls: number): Promise<string> {
  const file = await removableFile();
  await stack.control({ database: { kind, atCall } });
  const { status } = await remove(file.fileId);
  // The request's own run goes on behind an answer that says that it is gone.
  if (status === 204) await expect.poll(async () => (await stack.control({})).databaseCalls).toBe(calls);
  await stack.control({ database: null });
  const isThere = (await versionsOf(file.fileId)).length === 2;
  if (isThere) {
    expect(await outboxOf(file.fileId)).toEqual([]);
    expect(await keysOf(file.fileId)).toHaveLength(6);
    expect((await remove(file.fileId)).status).toBe(204);
  } else await stack.runScheduled();
  await expectRemoved(file);
  return `${status}, ${isThere ? "there" : "gone"}`;
}

test("a database that fails at any one of a removal's calls leaves all of the version, or nothing", async () => {
  const calls = await callsOfARemoval();
  // The tenant, the version, its details, its removal, and the end of that.
  expect(calls).toBe(5);
  const outcomes = new Set<string>();
  for (let atCall = 1; atCall <= calls; atCall += 1) {
    for (const kind of ["fail", "lose-answer"] as const) {
      outcomes.add(await removeWithFault(kind, atCall, calls));
    }
  }
  expect([...outcomes].sort()).toEqual(["204, gone", "503, gone", "503, there"]);
}, 120_000);

test("a version that becomes the current one while it is being removed stays, with its objects", async () => {
  const { fileId } = await removableFile();
  // The tenant, the version and its details have been read; its removal is next.
  await stack.control({ database: { kind: "hold", atCall: 4 } });
  const answering = remove(fileId);
  await expect.poll(async () => (await stack.control({})).databaseCalls).toBe(4);
  await stack.query("UPDATE files SET current_version = 2 WHERE id = ?", fileId);
  await stack.control({ database: null });
  expect((await answering).status).toBe(404);
  await stack.runScheduled();
  expect(await versionsOf(fileId)).toEqual([1, 2]);
  expect(await outboxOf(fileId)).toEqual([]);
  expect(await keysOf(fileId)).toHaveLength(6);
});

test("two runs at once remove nothing that comes after them", async () => {
  const file = await removableFile();
  await stack.control({ plan: { operation: "delete", faults: [HOLD], fileId: file.fileId } });
  expect((await remove(file.fileId)).status).toBe(204);
  await expect.poll(async () => (await stack.control({})).held).toBe(1);
  await stack.runScheduled();
  await expectRemoved(file);
  const location = await createUpload(caller, 5, { filename: "notes.txt", replaces: file.fileId });
  expect(location).toBe(`/v1/uploads/3/${file.fileId}`);
  expect((await append(caller, location, 0, "third")).status).toBe(204);
  await stack.control({ release: true });
  const third = `t/${caller.tenantId}/${file.fileId}/3/original-1`;
  await expect.poll(async () => (await stack.control({})).calls).toEqual([]);
  expect(await keysOf(file.fileId)).toEqual([...file.others, third].sort());
});

test("a removal that fails again and again holds no others up", async () => {
  const [broken, other] = [await removableFile(), await removableFile()];
  await stack.control({ plan: { operation: "list", faults: [FAIL, FAIL, FAIL], fileId: broken.fileId } });
  await stack.control({ plan: { operation: "list", faults: [FAIL], fileId: other.fileId } });
  for (const { fileId } of [broken, other]) expect((await remove(fileId)).status).toBe(204);
  await expect.poll(async () => (await stack.control({})).counts.list).toBe(2);
  await stack.query("UPDATE object_removals SET attempted_at_ms = 5 WHERE file_id = ?", broken.fileId);
  const before = Date.now();
  await stack.runScheduled();
  await expectRemoved(other);
  expect(await outboxOf(broken.fileId)).toHaveLength(1);
  // Now it is behind all that were tried before it.
  const [row] = await stack.query(
    "SELECT attempted_at_ms FROM object_removals WHERE file_id = ?",
    broken.fileId,
  );
  expect(Number(row?.["attempted_at_ms"])).toBeGreaterThanOrEqual(before);
  await stack.runScheduled();
  await stack.runScheduled();
  await expectRemoved(broken);
});
