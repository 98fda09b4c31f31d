import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { newCaller, TUS } from "../support/api.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { patch } from "../support/tus.ts";

const TEXT = "abc";
const LENGTH_BYTES = 5_000;

const stack = useFaultyStack();

/** A partial upload, of which nobody records that it is complete: what it has reserved, it keeps. */
async function beginPartial() {
  const caller = await newCaller({ stack });
  const headers = { ...TUS, "upload-concat": "partial", "upload-defer-length": "1" };
  const created = await caller.fetch("/v1/uploads", { method: "POST", headers });
  expect(created.status).toBe(201);
  return { caller, location: created.headers.get("location") ?? "" };
}

function tellLength(caller: Caller, location: string): Promise<Response> {
  return patch(caller, location, 0, TEXT, { "upload-length": String(LENGTH_BYTES) });
}

async function callsOfTelling(): Promise<number> {
  const { caller, location } = await beginPartial();
  await stack.control({ database: null });
  expect((await tellLength(caller, location)).status).toBe(204);
  return (await stack.control({})).databaseCalls;
}

test.each([
  ["fail", 1],
  ["fail", LENGTH_BYTES - TEXT.length],
  ["lose-answer", 1],
] as const)(
  "whichever call to the database goes wrong (%s) as a length is told, no more is reserved after %d bytes more",
  async (kind, appendedBytes) => {
    const calls = await callsOfTelling();
    expect(calls).toBeGreaterThanOrEqual(1);
    for (const atCall of ["every" as const, ...Array.from({ length: calls }, (_, index) => index + 1)]) {
      const { caller, location } = await beginPartial();
      await stack.control({ database: { kind, atCall } });
      const told = await tellLength(caller, location);
      await stack.control({ database: null });
      if (!told.ok) expect((await tellLength(caller, location)).status).toBe(204);
      expect((await patch(caller, location, TEXT.length, "d".repeat(appendedBytes))).status).toBe(204);
      const [row] = await stack.query(
        "SELECT reserved_bytes AS reservedBytes FROM tenants WHERE tenant_id = ?",
        caller.tenantId,
      );
      expect(row, `at ${atCall}`).toEqual({ reservedBytes: LENGTH_BYTES });
    }
  },
);
