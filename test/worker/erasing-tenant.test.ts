import { expect, test } from "vitest";
import { newAdmin } from "../support/admin.ts";
import type { Caller, StackAccess } from "../support/api.ts";
import { newCaller, signUrl } from "../support/api.ts";
import { publish, uploadClean } from "../support/file-states.ts";
import { sharedWorkerAlone } from "../support/shared-worker.ts";
import { codeOf, createLink, look, sendJson, taken } from "../support/sharing.ts";
import { startWorkerAlone } from "../support/worker-alone.ts";

/** As the tenant's admin asks for it; what there is goes later, by the cron. */
async function beginErasure(worker: StackAccess, { tenantId }: Caller): Promise<void> {
  const admin = await newAdmin(tenantId, worker);
  const answer = await sendJson(admin, "POST", `/v1/admin/tenants/${tenantId}/erasure`, {
    confirm: tenantId,
  });
  expect(answer.status).toBe(202);
}

/** Those who hold a URL have no session that could be refused: what they may read is decided by the records. */
test("while a tenant is being erased, none of the URLs that were given out opens anything", async () => {
  const worker = sharedWorkerAlone();
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, caller, Buffer.from("not for long"));
  const link = await createLink(caller, fileId);
  const urls = {
    signed: await signUrl(caller, fileId),
    public: await publish(caller, fileId),
    linked: (await taken(link.url)).url,
  };
  const statuses = async () => {
    const answers = await Promise.all(Object.values(urls).map((url) => fetch(url)));
    return Promise.all(answers.map(async (answer) => (answer.ok ? answer.text() : codeOf(answer))));
  };
  expect(await statuses()).toEqual(["not for long", "not for long", "not for long"]);
  expect((await look(link.url)).status).toBe(200);

  await beginErasure(worker, caller);

  expect(await statuses()).toEqual(["404 FILE_NOT_FOUND", "404 FILE_NOT_FOUND", "404 SHARE_LINK_NOT_FOUND"]);
  expect(await codeOf(await look(link.url))).toBe("404 SHARE_LINK_NOT_FOUND");
});

test("from its first moment, a tenant's lists, counts, quota and records are refused, though it was known to live", async () => {
  const worker = await startWorkerAlone({ TENANT_CACHE_SECONDS: "300" });
  const caller = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, caller, Buffer.from("hello"), {
    ...{ filename: "notes.txt", entityType: "deal", entityId: "1" },
  });
  const entity = { entityType: "deal", entityId: "1" };
  const answers = async () => {
    const asked = [
      await caller.fetch("/v1/files"),
      await caller.fetch("/v1/files?q=nothing-that-is-there"),
      await caller.fetch("/v1/files?entityType=deal"),
      await sendJson(caller, "POST", "/v1/entities/counts", { items: [entity] }),
      await caller.fetch("/v1/quota"),
      await caller.fetch(`/v1/files/${fileId}`),
    ];
    return Promise.all(asked.map(async (answer) => (answer.ok ? answer.status : codeOf(answer))));
  };
  expect(await answers()).toEqual([200, 200, 200, 200, 200, 200]);
  await beginErasure(worker, caller);
  const refused = "403 TENANT_ERASING";
  expect(await answers()).toEqual([refused, refused, refused, refused, refused, refused]);
});
