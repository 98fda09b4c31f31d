import { describe, expect, test } from "vitest";
import type { EntityCounts } from "#contract/listing.ts";
import type { Caller } from "../support/api.ts";
import { newCaller, newTenantId, readProblem } from "../support/api.ts";
import type { Asker } from "../support/listed-files.ts";
import { file, Listed } from "../support/lists.ts";

describe("counts of entities", () => {
  const DEAL = { entityType: "deal", entityId: "1" };
  const count = (caller: Caller, body: unknown) =>
    caller.fetch("/v1/entities/counts", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  test("are of what the caller may see, in the order of the request", async () => {
    const listed = new Listed();
    const tenantId = newTenantId();
    await listed.add(
      file(tenantId, { ...DEAL, sizeBytes: 5, sharedWith: { bob: null } }),
      file(tenantId, { ...DEAL, sizeBytes: 2 ** 40, ownerId: "bob" }),
      file(tenantId, { ...DEAL, sizeBytes: -1, state: "uploading" }),
      file(tenantId, { ...DEAL, sizeBytes: 100, deletedAtMs: 1 }),
      file(tenantId, { entityType: "contact", entityId: "1", sizeBytes: 7 }),
      file(tenantId, { ...DEAL, entityId: '2"', sizeBytes: 3 }),
      file(newTenantId(), { ...DEAL, sizeBytes: 1000 }),
    );
    const items = [
      { entityType: "contact", entityId: "1" },
      DEAL,
      { ...DEAL, entityId: '2"' },
      { ...DEAL, entityId: "3" },
      DEAL,
    ];
    const of = async (userId: string, role: Asker["role"], scope?: string) => {
      const answer = await count(await listed.caller({ tenantId, userId, role }), { items, scope });
      expect(answer.status).toBe(200);
      const counted = (await answer.json()) as EntityCounts;
      expect(counted.items.map(({ entityType, entityId }) => ({ entityType, entityId }))).toEqual(items);
      return counted.items.map(({ files, bytes }) => [files, bytes]);
    };
    // Not what is under way: lists don't have it either.
    const deals = [2, 5 + 2 ** 40];
    expect(await of("boss", "admin")).toEqual([[1, 7], deals, [1, 3], [0, 0], deals]);
    // What is attached to an entity is for all of its tenant, where that hasn't said otherwise.
    for (const colleague of ["ann", "bob", "eve"]) {
      expect(await of(colleague, "member")).toEqual([[1, 7], deals, [1, 3], [0, 0], deals]);
    }
    expect(await of("bob", "member", "own")).toEqual([
      [0, 0],
      [1, 2 ** 40],
      [0, 0],
      [0, 0],
      [1, 2 ** 40],
    ]);
    expect(await of("bob", "member", "shared")).toEqual([
      [0, 0],
      [1, 5],
      [0, 0],
      [0, 0],
      [1, 5],
    ]);
    await listed.run([
      [`UPDATE tenants SET settings = '{"entityAccess":"owner"}' WHERE tenant_id = ?`, [tenantId]],
    ]);
    expect(await of("ann", "member")).toEqual([
      [1, 7],
      [1, 5],
      [1, 3],
      [0, 0],
      [1, 5],
    ]);
    expect(await of("bob", "member")).toEqual([[0, 0], deals, [0, 0], [0, 0], deals]);
    expect(await of("eve", "service", "own")).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const refused = await count(await listed.caller({ tenantId, userId: "ann", role: "member" }), {
      items,
      scope: "all",
    });
    expect(await readProblem(refused)).toMatchObject({ status: 403, code: "ROLE_REQUIRED" });
  });

  test.each<readonly [string, unknown]>([
    ["none", { items: [] }],
    ["more than 200", { items: Array.from({ length: 201 }, () => DEAL) }],
    ["one without an id", { items: [{ entityType: "deal" }] }],
    ["one with more", { items: [{ ...DEAL, more: 1 }] }],
    ["something else beside", { items: [DEAL], more: 1 }],
    ["no list", {}],
  ])("of %s are refused", async (_, body) => {
    const caller = await newCaller();
    const items = Array.from({ length: 200 }, (_each, index) => ({ ...DEAL, entityId: `${index}` }));
    const most = await count(caller, { items });
    const none = items.map((each) => ({ ...each, files: 0, bytes: 0 }));
    expect(((await most.json()) as EntityCounts).items).toEqual(none);
    expect(await readProblem(await count(caller, body))).toMatchObject({
      status: 400,
      code: "REQUEST_INVALID",
    });
  });
});
