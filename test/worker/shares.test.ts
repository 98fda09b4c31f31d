import { expect, test } from "vitest";
import type { ShareList } from "#contract/sharing.ts";
import type { Caller } from "../support/api.ts";
import { newCaller } from "../support/api.ts";
import type { Body } from "../support/sharing.ts";
import { cleanFile, codeOf, sendJson } from "../support/sharing.ts";

function share(caller: Caller, fileId: string, userId: string, body: Body = { permission: "view" }) {
  return sendJson(caller, "PUT", `/v1/files/${fileId}/shares/${encodeURIComponent(userId)}`, body);
}

async function list(caller: Caller, fileId: string): Promise<ShareList["items"]> {
  const answer = await caller.fetch(`/v1/files/${fileId}/shares`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as ShareList).items;
}

function colleague({ tenantId }: Caller, user = "bob"): Promise<Caller> {
  return newCaller({ tenantId, user });
}

test("a share is made, changed, listed and removed", async () => {
  const { ann, fileId } = await cleanFile();
  const made = await share(ann, fileId, "auth0|bob");
  expect(made.status).toBe(201);
  const facts = { userId: "auth0|bob", sharedBy: "ann", createdAt: expect.any(String) };
  expect(await made.json()).toEqual({ ...facts, permission: "view", expiresAt: null });

  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const changed = await share(ann, fileId, "auth0|bob", { permission: "delete", expiresAt });
  expect(changed.status).toBe(200);
  expect(await changed.json()).toEqual({ ...facts, permission: "delete", expiresAt });
  expect((await share(ann, fileId, "carl")).status).toBe(201);
  expect((await list(ann, fileId)).map(({ userId, permission }) => [userId, permission])).toEqual([
    ["auth0|bob", "delete"],
    ["carl", "view"],
  ]);

  const path = `/v1/files/${fileId}/shares/carl`;
  expect((await ann.fetch(path, { method: "DELETE" })).status).toBe(204);
  expect(await codeOf(await ann.fetch(path, { method: "DELETE" }))).toBe("404 SHARE_NOT_FOUND");
  expect(await list(ann, fileId)).toHaveLength(1);
});

const NOTHING = "404 FILE_NOT_FOUND";
const NO_MORE = "403 PERMISSION_REQUIRED";

test.each([
  ["nothing", [NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING]],
  ["view", ["200", NO_MORE, NO_MORE, NO_MORE, NO_MORE, NO_MORE]],
  ["download", ["200", "200", NO_MORE, NO_MORE, NO_MORE, NO_MORE]],
  ["delete", ["200", "200", NO_MORE, NO_MORE, NO_MORE, "204"]],
] as const)("whom %s is shared with may do that and no more", async (permission, expected) => {
  const { ann, fileId } = await cleanFile();
  const bob = await colleague(ann);
  await share(ann, fileId, "carl");
  if (permission !== "nothing") expect((await share(ann, fileId, "bob", { permission })).status).toBe(201);
  const at = `/v1/files/${fileId}`;
  const answers = [
    await bob.fetch(at),
    await bob.fetch(`${at}/content`),
    await bob.fetch(`${at}/shares`),
    await share(bob, fileId, "dora"),
    await sendJson(bob, "POST", `${at}/share-links`, {}),
    await bob.fetch(at, { method: "DELETE" }),
  ];
  const codes = answers.map(async (answer) => (answer.ok ? String(answer.status) : codeOf(answer)));
  expect(await Promise.all(codes)).toEqual(expected);
});

test("a share holder's record says nothing of the other shares", async () => {
  const { ann, fileId } = await cleanFile();
  await share(ann, fileId, "secret-colleague");
  await share(ann, fileId, "bob");
  const record = await (await (await colleague(ann)).fetch(`/v1/files/${fileId}`)).text();
  expect(record).toContain(fileId);
  expect(record).not.toContain("secret-colleague");
});

test("a share holder can't end another's share, nor their own; admins and services can", async () => {
  const { ann, fileId } = await cleanFile();
  await share(ann, fileId, "bob", { permission: "delete" });
  await share(ann, fileId, "carl");
  const bob = await colleague(ann);
  for (const userId of ["bob", "carl"]) {
    const answer = await bob.fetch(`/v1/files/${fileId}/shares/${userId}`, { method: "DELETE" });
    expect(await codeOf(answer)).toBe(NO_MORE);
  }
  for (const [role, userId] of [
    ["admin", "bob"],
    ["service", "carl"],
  ] as const) {
    const caller = await newCaller({ tenantId: ann.tenantId, user: "root", role });
    const answer = await caller.fetch(`/v1/files/${fileId}/shares/${userId}`, { method: "DELETE" });
    expect(answer.status).toBe(204);
  }
  expect(await list(ann, fileId)).toEqual([]);
});

test("a removed share ends at once", async () => {
  const { ann, fileId } = await cleanFile();
  const bob = await colleague(ann);
  await share(ann, fileId, "bob", { permission: "download" });
  expect((await bob.fetch(`/v1/files/${fileId}/content`)).status).toBe(200);
  await ann.fetch(`/v1/files/${fileId}/shares/bob`, { method: "DELETE" });
  expect(await codeOf(await bob.fetch(`/v1/files/${fileId}/content`))).toBe(NOTHING);
});

test("a share that has expired gives nothing and is nowhere, and can be made anew", async () => {
  const { ann, fileId } = await cleanFile();
  const bob = await colleague(ann);
  const endMs = Date.now() + 1_500;
  const body = { permission: "download", expiresAt: new Date(endMs).toISOString() };
  expect((await share(ann, fileId, "bob", body)).status).toBe(201);
  expect((await bob.fetch(`/v1/files/${fileId}`)).status).toBe(200);
  await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(endMs);
  expect(await codeOf(await bob.fetch(`/v1/files/${fileId}`))).toBe(NOTHING);
  expect(await list(ann, fileId)).toEqual([]);
  const path = `/v1/files/${fileId}/shares/bob`;
  expect(await codeOf(await ann.fetch(path, { method: "DELETE" }))).toBe("404 SHARE_NOT_FOUND");
  expect((await share(ann, fileId, "bob")).status).toBe(201);
});

test.each([
  ["the owner", "ann", { permission: "view" }, "userId"],
  ["what can't be a user", "b ob", { permission: "view" }, "userId"],
  ["an unknown permission", "bob", { permission: "edit" }, "permission"],
  ["no permission", "bob", {}, "permission"],
  ["an end that has passed", "bob", { permission: "view", expiresAt: "2020-01-01T00:00:00Z" }, "expiresAt"],
  ["an end that is no time", "bob", { permission: "view", expiresAt: "tomorrow" }, "expiresAt"],
  ["a field that isn't one", "bob", { permission: "view", notify: true }, "notify"],
] as const)("sharing with %s is refused, and the field is named", async (_what, userId, body, path) => {
  const { ann, fileId } = await cleanFile();
  expect((await share(ann, fileId, "carl")).status).toBe(201);
  const answer = await share(ann, fileId, userId, body);
  expect(answer.status).toBe(400);
  const errors = [{ path, message: expect.any(String) }];
  expect(await answer.json()).toMatchObject({ code: "REQUEST_INVALID", errors });
  expect(await list(ann, fileId)).toHaveLength(1);
});

test("another tenant's file is as one that isn't there", async () => {
  const { ann, fileId } = await cleanFile();
  await share(ann, fileId, "bob");
  const eve = await newCaller({ user: "ann", role: "admin" });
  for (const id of [fileId, "00000000000000000000000000", "no-id"]) {
    const answers = [
      await share(eve, id, "carl"),
      await eve.fetch(`/v1/files/${id}/shares`),
      await eve.fetch(`/v1/files/${id}/shares/bob`, { method: "DELETE" }),
    ];
    for (const answer of answers) expect(await codeOf(answer)).toBe(NOTHING);
  }
  expect(await list(ann, fileId)).toHaveLength(1);
});

test("a file in the trash is shared with nobody new, and a share of it can be ended", async () => {
  const { ann, fileId } = await cleanFile();
  const bob = await colleague(ann);
  await share(ann, fileId, "bob");
  await ann.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
  expect(await codeOf(await bob.fetch(`/v1/files/${fileId}`))).toBe(NOTHING);
  expect(await codeOf(await share(ann, fileId, "carl"))).toBe("409 FILE_IN_TRASH");
  expect((await ann.fetch(`/v1/files/${fileId}/shares/bob`, { method: "DELETE" })).status).toBe(204);
});

test("without a session nothing is told of shares", async () => {
  const { fileId, ann } = await cleanFile();
  const answer = await fetch(new URL(`/v1/files/${fileId}/shares`, (await ann.fetch("/health")).url));
  expect(await codeOf(answer)).toBe("401 TOKEN_MISSING");
});
