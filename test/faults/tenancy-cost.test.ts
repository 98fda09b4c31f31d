import { beforeAll, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { append, createUpload, fileIdOf, newCaller, TUS, uploadFile } from "../support/api.ts";
import type { ControlState } from "../support/faulty/faults.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import type { ApiDocument } from "../support/open-api/document.ts";
import { fetchDocument } from "../support/open-api/document.ts";
import type { PlannedRequest } from "../support/open-api/requests.ts";
import { initOf } from "../support/open-api/requests.ts";
import { runs } from "../support/runs.ts";
import type { Ids } from "../support/tenancy.ts";
import { idsOf, pairsFor, walkedOperations } from "../support/tenancy.ts";

/**
 * Whoever can't tell another tenant's file from none by the answer isn't to tell them by how long it takes either: both
 * take the same calls to the database and to the store.
 */

// What is remembered of a tenant would be a call more or less by when it is asked.
const stack = useFaultyStack({ TENANT_CACHE_SECONDS: "0" });
let document: ApiDocument;
let ids: readonly Ids[];

beforeAll(async () => {
  document = await fetchDocument(stack.url);
  ids = await makeTheirs();
});

async function makeTheirs(): Promise<readonly Ids[]> {
  const them = await newCaller({ stack, role: "admin" });
  const stored = await uploadFile(them, new TextEncoder().encode("theirs"));
  const deleted = await uploadFile(them, new TextEncoder().encode("was theirs"));
  await them.fetch(`/v1/files/${deleted}`, { method: "DELETE" });
  const uploading = fileIdOf(await createUpload(them, 100));
  return Promise.all([stored, deleted, uploading].map((fileId) => idsOf(them, fileId)));
}

async function costOf(
  caller: Caller,
  request: PlannedRequest,
): Promise<Pick<ControlState, "databaseCalls" | "counts">> {
  await stack.control({ reset: true });
  const answer = await caller.fetch(request.target, initOf(request));
  await answer.arrayBuffer();
  const { databaseCalls, counts } = await stack.control({});
  return { databaseCalls, counts };
}

test.each((["member", "admin", "service"] as const).slice(0, runs(1, 3)))(
  "to ask about what another tenant has costs a tenant's %s what it costs to ask about nothing",
  async (role) => {
    const caller = await newCaller({ stack, role });
    let compared = 0;
    for (const operation of walkedOperations(document)) {
      for (const known of ids) {
        for (const { theirs, missing } of pairsFor(document, operation, known)) {
          const costs = [await costOf(caller, theirs), await costOf(caller, missing)];
          expect(costs[0], `${theirs.target} ${JSON.stringify(theirs.body)}`).toEqual(costs[1]);
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThan(100);
  },
);

test("a database that hangs keeps one who goes on with an upload waiting, and those that come next not at all", async () => {
  const ann = await newCaller({ stack });
  const location = await createUpload(ann, 100);
  const head = () => ann.fetch(location, { method: "HEAD", headers: TUS });
  const callsOf = async (work: () => Promise<Response>) => {
    const before = (await stack.control({})).databaseCalls;
    const { status } = await work();
    return { status, calls: (await stack.control({})).databaseCalls - before };
  };
  await stack.control({ database: { kind: "hold", atCall: "every" } });
  expect(await callsOf(head)).toEqual({ status: 200, calls: 1 });
  expect(await callsOf(head)).toEqual({ status: 200, calls: 0 });
  expect(await callsOf(() => append(ann, location, 0, "some"))).toEqual({ status: 204, calls: 0 });
  // When it answers again, that is found out in seconds.
  await stack.control({ database: null, clockAheadMs: 10_000 });
  expect(await callsOf(head)).toEqual({ status: 200, calls: 1 });
  expect((await ann.fetch("/v1/files")).status).toBe(200);
});
