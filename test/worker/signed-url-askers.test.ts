import { expect, test } from "vitest";
import type { Role } from "#contract/ids.ts";
import type { Caller } from "../support/api.ts";
import { newCaller, readProblem, signUrl } from "../support/api.ts";
import { shareFile, uploadClean } from "../support/file-states.ts";
import { sharedWorkerAlone } from "../support/shared-worker.ts";
import { sendJson } from "../support/sharing.ts";

/** A signed URL is as good as the permission of whoever it was made for (R44). */
const worker = sharedWorkerAlone();

const WEEK_SECONDS = 7 * 24 * 3600;

async function annsFile(): Promise<{ ann: Caller; fileId: string }> {
  const ann = await newCaller({ stack: worker });
  return { ann, fileId: await uploadClean(worker, ann) };
}

function colleague({ tenantId }: Caller, user: string, role: Role = "member"): Promise<Caller> {
  return newCaller({ stack: worker, tenantId, user, role });
}

async function expectGone(url: string): Promise<void> {
  expect(await readProblem(await fetch(url))).toMatchObject({ status: 404, code: "FILE_NOT_FOUND" });
}

async function expectOpen(url: string): Promise<void> {
  const answer = await fetch(url);
  expect([answer.status, await answer.text()]).toEqual([200, "hello"]);
}

test("a URL ends with the share by which it was made, and no other URL of the file does", async () => {
  const { ann, fileId } = await annsFile();
  const holders = [ann, await colleague(ann, "carl"), await colleague(ann, "boss", "admin")];
  const bob = await colleague(ann, "bob");
  await shareFile(worker, ann, fileId, "bob", "download");
  await shareFile(worker, ann, fileId, "carl", "download");
  const item = { expiresInSeconds: WEEK_SECONDS };
  const url = await signUrl(bob, fileId, item);
  const others = await Promise.all(holders.map((holder) => signUrl(holder, fileId, item)));
  await expectOpen(url);
  const answer = await ann.fetch(`/v1/files/${fileId}/shares/bob`, { method: "DELETE" });
  expect(answer.status).toBe(204);
  await expectGone(url);
  await Promise.all(others.map(expectOpen));
});

test("a URL stops while the share by which it was made is to view only", async () => {
  const { ann, fileId } = await annsFile();
  await shareFile(worker, ann, fileId, "bob", "delete");
  const url = await signUrl(await colleague(ann, "bob"), fileId);
  await expectOpen(url);
  const path = `/v1/files/${fileId}/shares/bob`;
  expect((await sendJson(ann, "PUT", path, { permission: "view" })).status).toBe(200);
  await expectGone(url);
});

test("a URL stops when its share has run out, though its own end was later when it was made", async () => {
  const { ann, fileId } = await annsFile();
  await shareFile(worker, ann, fileId, "bob", "download", Date.now() + 3_600_000);
  const url = await signUrl(await colleague(ann, "bob"), fileId);
  await expectOpen(url);
  await worker.query("UPDATE shares SET expires_at_ms = ? WHERE file_id = ?", Date.now() - 1, fileId);
  await expectGone(url);
});

function endOf(url: string): number {
  return Number(new URL(url).searchParams.get("exp"));
}

test("a URL's end is no later than its share's; the owner's, an admin's and a service's are as asked for", async () => {
  const { ann, fileId } = await annsFile();
  const shareEndSeconds = Math.floor(Date.now() / 1000) + 600;
  for (const user of ["bob", "boss", "crm"]) {
    await shareFile(worker, ann, fileId, user, "download", shareEndSeconds * 1000 + 999);
  }
  const bob = await colleague(ann, "bob");
  expect(endOf(await signUrl(bob, fileId, { expiresInSeconds: WEEK_SECONDS }))).toBe(shareEndSeconds);
  expect(endOf(await signUrl(bob, fileId, { expiresInSeconds: 60 }))).toBeLessThan(shareEndSeconds);
  const unbound = [ann, await colleague(ann, "boss", "admin"), await colleague(ann, "crm", "service")];
  for (const caller of unbound) {
    const end = endOf(await signUrl(caller, fileId, { expiresInSeconds: WEEK_SECONDS }));
    expect(end).toBeGreaterThanOrEqual(shareEndSeconds + WEEK_SECONDS - 600);
  }
});

test("who a URL was made for can't be read from it, compared, changed or left out", async () => {
  const { ann, fileId } = await annsFile();
  await shareFile(worker, ann, fileId, "bob", "download");
  const bob = await colleague(ann, "bob");
  const [bobs, bobsNext, anns] = [
    await signUrl(bob, fileId),
    await signUrl(bob, fileId, { expiresInSeconds: 60 }),
    await signUrl(ann, fileId),
  ];
  const askerOf = (url: string) => new URL(url).searchParams.get("by") ?? "";
  expect(askerOf(bobs)).toMatch(/^[\w-]{20,}$/);
  expect(Buffer.from(askerOf(bobs), "base64url").toString("latin1")).not.toContain("bob");
  expect(askerOf(bobsNext)).not.toBe(askerOf(bobs));

  const withAsker = (asker: string | undefined): string => {
    const changed = new URL(bobs);
    if (asker === undefined) changed.searchParams.delete("by");
    else changed.searchParams.set("by", asker);
    return changed.href;
  };
  await expectOpen(withAsker(askerOf(bobs)));
  for (const other of [askerOf(anns), askerOf(bobsNext), "bob", "", undefined]) {
    expect(await readProblem(await fetch(withAsker(other)))).toMatchObject({ code: "SIGNATURE_INVALID" });
  }
});
