import { expect } from "vitest";
import { ApiError, type Client, type Live } from "../../client/index.ts";
import type { ServerClient } from "../../client/server/index.ts";

export const CONTACT = { entityType: "contact", entityId: "c-1" } as const;
export const NOTES = { filename: "notes.txt", content: "hello", ...CONTACT, tags: ["one", "two"] } as const;

/** Who calls, and what there is to be called with. */
export interface World {
  readonly ann: Client;
  /** Ann's, of the contact. */
  readonly live: Live;
  readonly admin: ServerClient;
  readonly backend: ServerClient;
  readonly operator: ServerClient;
  readonly tenantId: string;
  /** Ann's, with two versions, both clean. */
  readonly fileId: string;
  readonly infected: readonly [string, string];
  /** What earlier calls made. */
  readonly made: Map<string, string>;
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** The code of the refusal that a call has to come to. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ApiError) return error.problem.code;
  throw new Error("It was not refused.", { cause: error });
}

/** By the document's names, in an order in which each finds what it needs. */
export const CALLS: Readonly<Record<string, (world: World) => Promise<unknown>>> = {
  async uploadFile({ ann }) {
    const stored = await ann.files.upload({ ...NOTES, mimeType: "text/plain" });
    expect(stored).toMatchObject({ ...CONTACT, filename: "notes.txt", tags: ["one", "two"], version: 1 });
    await ann.files.waitUntilSettled(stored.id);
  },
  async listFiles({ ann, fileId }) {
    const all = await listOf(ann.files.all({ limit: 1, tags: ["one", "two"], ...CONTACT }));
    const { items } = await ann.files.list({ limit: 1 });
    expect([all.length, items.length]).toEqual([2, 1]);
    expect(all.map(({ id }) => id)).toContain(fileId);
  },
  getFile: async ({ ann, fileId }) => {
    await ann.files.waitUntil(fileId, ({ version }) => version === 2);
    expect(await ann.files.get(fileId)).toMatchObject({ id: fileId });
  },
  editFile: ({ ann, fileId }) =>
    ann.files.edit(fileId, { filename: "memo.txt", entityId: null, entityType: null }),
  async downloadFile({ ann, fileId }) {
    const whole = await ann.files.content(fileId, { disposition: "inline" });
    const part = await ann.files.content(fileId, { range: { start: 6 } });
    expect([await whole.text(), await part.text()]).toEqual(["hello again", "again"]);
    const blob = await ann.files.contentBlob(fileId, "original");
    expect(await blob.text()).toBe("hello again");
  },
  retryDerivatives: ({ ann, fileId }) => ann.files.retryDerivatives(fileId),
  async changeFiles({ ann, fileId, infected }) {
    const outcomes = await ann.files.change({ action: "tag", fileIds: [fileId, infected[0]], tags: ["new"] });
    expect(outcomes).toMatchObject([{ fileId, ok: true }, { fileId: infected[0] }]);
  },
  deleteFile: ({ ann, fileId }) => ann.files.delete(fileId),
  restoreFile: ({ ann, fileId }) => ann.files.restore(fileId),

  async listVersions({ ann, fileId }) {
    const all = await listOf(ann.versions.all(fileId, { limit: 1 }));
    expect(all.map(({ version }) => version)).toEqual([2, 1]);
    expect((await ann.versions.list(fileId)).items).toEqual(all);
  },
  async getFileVersion({ ann, fileId }) {
    await ann.versions.waitForVersion(fileId, 1);
    expect(await ann.versions.get(fileId, 1)).toMatchObject({ version: 1, isCurrent: false });
    expect(await ann.files.waitForVersion(fileId, 2)).toEqual(await ann.files.getVersion(fileId, 2));
  },
  async downloadVersion({ ann, fileId }) {
    expect(await (await ann.versions.content(fileId, 1)).text()).toBe("hello");
  },
  restoreVersion: ({ ann, fileId }) => ann.versions.restore(fileId, 1),
  deleteVersion: ({ ann, fileId }) => ann.versions.delete(fileId, 2),

  setShare: ({ ann, fileId }) => ann.shares.set(fileId, "bob", { permission: "view" }),
  async listShares({ ann, fileId }) {
    expect((await ann.shares.list(fileId)).items).toMatchObject([{ userId: "bob", permission: "view" }]);
  },
  removeShare: ({ ann, fileId }) => ann.shares.remove(fileId, "bob"),
  async createShareLink({ ann, fileId, made }) {
    const idempotencyKey = "the same link";
    const make = () => ann.shareLinks.create(fileId, { password: "correct horse" }, { idempotencyKey });
    const [link, again] = [await make(), await make()];
    expect(again).toEqual(link);
    made.set("link", link.url);
    made.set("linkId", link.id);
  },
  async listShareLinks({ ann, fileId, made }) {
    expect((await ann.shareLinks.list(fileId)).items).toMatchObject([{ id: made.get("linkId") }]);
  },
  async getSharedFile({ ann, made }) {
    expect(await ann.sharedFiles.get(made.get("link") ?? "")).toMatchObject({ passwordRequired: true });
  },
  async downloadSharedFile({ ann, made }) {
    const link = made.get("link") ?? "";
    expect(await ann.sharedFiles.download(link, "correct horse")).toMatchObject({ filename: "memo.txt" });
    expect(await codeOf(ann.sharedFiles.download(link, "wrong horse"))).toBe("SHARE_PASSWORD_WRONG");
  },
  revokeShareLink: ({ ann, fileId, made }) => ann.shareLinks.revoke(fileId, made.get("linkId") ?? ""),

  async signUrls({ ann, fileId, infected }) {
    const [signed] = await ann.signedUrls.create([{ fileId, expiresInSeconds: 60 }]);
    const answer = await fetch(signed?.url ?? "");
    expect(await answer.text()).toBe("hello");
    expect(await ann.files.signUrls([{ fileId }])).toMatchObject([{ fileId, ok: true }]);
    const some = await ann.signedUrls.createSome([{ fileId }, { fileId: infected[0] }]);
    expect(some).toMatchObject([{ ok: true }, { ok: false, error: { code: "FILE_BLOCKED" } }]);
  },
  async countFilesOfEntities({ ann }) {
    const asked = Array.from({ length: 201 }, (_, index) => ({
      entityType: "contact",
      entityId: `c-${index}`,
    }));
    const counts = await ann.entities.counts(asked, { scope: "own" });
    expect([counts.length, counts[1]]).toEqual([201, { ...CONTACT, files: 1, bytes: 5 }]);
  },
  getQuota: ({ ann }) => ann.quota.get(),
  getUploadRules: ({ ann }) => ann.uploadRules.get(),
  async createLiveTicket({ ann, live }) {
    const { promise: told, resolve } = Promise.withResolvers<string>();
    const stop = live.subscribe(({ type }) => resolve(type));
    expect(await told).toBe("reset");
    stop();
    expect((await ann.liveTickets.create(CONTACT)).url).toMatch(/^ws.*\/v1\/live\?ticket=/);
    await ann.liveTickets.create();
  },

  async createUploadGrant({ backend, made }) {
    const { token } = await backend.uploadGrants.create({ userId: "ann", ...CONTACT, types: ["text/plain"] });
    made.set("upload grant", token);
  },
  renewUploadGrant: ({ backend, made }) =>
    backend.uploadGrants.renew({ token: made.get("upload grant") ?? "", expiresInSeconds: 60 }),
  async createEntityGrant({ backend, made }) {
    const { token } = await backend.entityGrants.create({ userId: "ann", ...CONTACT, allow: ["list"] });
    made.set("entity grant", token);
  },
  renewEntityGrant: ({ backend, made }) =>
    backend.entityGrants.renew({ token: made.get("entity grant") ?? "" }),

  async listAuditEvents({ admin, fileId }) {
    const { items } = await admin.admin.audit.list({
      fileId,
      action: "file.read",
      after: "2026-01-01T00:00:00Z",
    });
    const all = await listOf(admin.admin.audit.all({ fileId, action: "file.read", limit: 1 }));
    expect(all).toEqual(expect.arrayContaining(items));
  },
  async listFailedJobs({ admin }) {
    expect(await listOf(admin.admin.failedJobs.all({ limit: 5 }))).toEqual([]);
    expect((await admin.admin.failedJobs.list()).items).toEqual([]);
  },
  async retryFailedJob({ admin, fileId }) {
    expect(await codeOf(admin.admin.failedJobs.retry(fileId, 1))).toBe("FAILED_JOB_NOT_FOUND");
  },
  async retryFailedJobs({ admin }) {
    expect(await admin.admin.failedJobs.retryAll()).toEqual({ retried: 0, left: 0 });
  },
  async listQuarantine({ admin, infected }) {
    const { quarantine } = admin.admin;
    const all = await listOf(quarantine.all({ limit: 1, state: "infected" }));
    expect(new Set(all.map(({ fileId }) => String(fileId)))).toEqual(new Set(infected));
    expect((await quarantine.list()).items).toHaveLength(2);
  },
  releaseFromQuarantine: ({ admin, infected }) =>
    admin.admin.quarantine.release(infected[0], 1, { reason: "A false alarm." }),
  removeFromQuarantine: ({ admin, infected }) => admin.admin.quarantine.remove(infected[1], 1),

  async listReplicas({ admin, fileId }) {
    const all = await listOf(admin.admin.replicas.all({ limit: 1 }));
    expect(all.map((each) => String(each.fileId))).toContain(fileId);
    expect((await admin.admin.replicas.list()).items).toHaveLength(all.length);
  },
  listReplicaTargets: ({ admin }) => admin.admin.replicas.targets(),
  async listOwedRemovals({ admin }) {
    expect((await admin.admin.replicas.removals({ limit: 5 })).items).toEqual([]);
    expect(await listOf(admin.admin.replicas.allRemovals())).toEqual([]);
  },
  backfillReplicas: ({ admin }) => admin.admin.replicas.backfill({ limit: 10 }),
  retryReplicas: ({ admin }) => admin.admin.replicas.retry(),
  repairPrimary: ({ admin, fileId }) =>
    admin.admin.replicas.repair({ versions: [{ fileId, version: 9, target: "near" }] }),

  async requestRescan({ admin, fileId, made }) {
    made.set("rescan", (await admin.admin.rescans.create({ fileId })).id);
  },
  listRescans: ({ admin }) => admin.admin.rescans.list(),
  getRescan: ({ admin, made }) => admin.admin.rescans.get(made.get("rescan") ?? ""),
  async changeRescan({ admin }) {
    const { rescans } = admin.admin;
    const { id } = await rescans.create({ olderThanSignatureVersion: "1" });
    // It may be over before anybody can stop it.
    for (const change of [rescans.pause, rescans.resume, rescans.cancel]) {
      await change(id).catch((error: unknown) => {
        expect(error).toMatchObject({ problem: { code: "RESCAN_ENDED" } });
      });
    }
  },

  async listTenants({ operator, tenantId }) {
    const { tenants } = operator.admin;
    expect((await tenants.list({ limit: 1 })).items).toHaveLength(1);
    // The run's other tests have tenants of their own by the hundred.
    for await (const tenant of tenants.all({ limit: 200 })) if (String(tenant.tenantId) === tenantId) return;
    throw new Error("The tenant isn't listed.");
  },
  getTenant: ({ admin, tenantId }) => admin.admin.tenants.get(tenantId),
  changeTenant: ({ admin, tenantId }) => admin.admin.tenants.change(tenantId, { settings: { trashDays: 7 } }),
  recountTenant: ({ admin, tenantId }) => admin.admin.tenants.recount(tenantId),
  getRecount: ({ admin, tenantId }) => admin.admin.tenants.getRecount(tenantId),
  async exportTenant({ admin, tenantId, fileId }) {
    const lines = await listOf(admin.admin.tenants.export(tenantId, { limit: 3 }));
    const files = lines.filter((line) => line.kind === "file").map(({ id }) => String(id));
    expect([lines[0]?.kind, lines.at(-1)?.kind]).toEqual(["tenant", "audit"]);
    expect(files).toContain(fileId);
    expect(new Set(lines.map(({ cursor }) => cursor)).size).toBe(lines.length);
  },
  async exportVersionContent({ admin, tenantId, fileId }) {
    const answer = await admin.admin.tenants.exportContent(tenantId, fileId, 1);
    expect(await answer.text()).toBe("hello");
  },
  async eraseTenant({ admin, tenantId, made }) {
    const erasure = await admin.admin.tenants.erase(tenantId, { confirm: tenantId, reason: "A test." });
    made.set("erasure", erasure.id);
  },
  getErasure: ({ admin, made }) => admin.admin.tenants.getErasure(made.get("erasure") ?? ""),
};
