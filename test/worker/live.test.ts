import { once } from "node:events";
import { expect, inject, test } from "vitest";
import { UserId } from "#contract/ids.ts";
import type { Channel } from "#contract/live.ts";
import { LIVE_CLOSE, PASSING_FACTS } from "#contract/live.ts";
import { sealTicket } from "../../worker/delivery/live-ticket.ts";
import { newAdmin, sendJson } from "../support/admin.ts";
import type { Caller } from "../support/api.ts";
import {
  append,
  createUpload,
  fileIdOf,
  newCaller,
  newTenantId,
  sharedStack,
  uploadFile,
} from "../support/api.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { eicar } from "../support/eicar.ts";
import { codeOf, ENTITY, grantEntity, OTHER } from "../support/entity-grants.ts";
import { patchFile } from "../support/file-states.ts";
import { Listener, newTicket, postTicket } from "../support/live.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { openRequest, UPGRADE } from "../support/raw-request.ts";
import { textOf } from "../support/tus.ts";

const NOTES = { filename: "notes.txt" };
const HELLO = Buffer.from("hello");

async function uploadAndSettle(caller: Caller, metadata = {}): Promise<string> {
  const own = await Listener.open(caller);
  const fileId = await uploadFile(caller, HELLO, { ...NOTES, ...metadata });
  await own.find("file.ready", fileId);
  await own.close();
  return fileId;
}

test("a user's other tab is told how an upload goes, what became of it, and what is done with it", async () => {
  const ann = await newCaller();
  const tab = await Listener.open(ann);
  expect(tab.hello).toMatchObject({ resumed: false });
  const location = await createUpload(ann, 10);
  const fileId = fileIdOf(location);
  expect(await tab.find("upload.created", fileId)).toMatchObject({
    data: { offsetBytes: 0, lengthBytes: 10 },
  });
  await append(ann, location, 0, textOf(4));
  expect(await tab.find("upload.progress", fileId)).toMatchObject({ data: { offsetBytes: 4 } });
  await append(ann, location, 4, textOf(6));
  await tab.find("upload.finished", fileId);
  expect(await tab.find("file.ready", fileId)).toMatchObject({ data: { version: 1 } });
  await patchFile(ann, fileId, { tags: ["a"] });
  await tab.find("file.updated", fileId);
  await ann.fetch(`/v1/files/${fileId}`, { method: "DELETE" });
  await tab.find("file.deleted", fileId);
  await ann.fetch(`/v1/files/${fileId}/restore`, { method: "POST" });
  await tab.find("file.restored", fileId);
  await ann.fetch(`/v1/files/${fileId}?permanent=true`, { method: "DELETE" });
  await tab.find("file.purged", fileId);
  await tab.find("quota.changed");
  const infected = await uploadFile(ann, eicar(), NOTES);
  await tab.find("file.infected", infected);
  const ended = await createUpload(ann, 10);
  await ann.fetch(ended, { method: "DELETE", headers: { "tus-resumable": "1.0.0" } });
  await tab.find("upload.ended", fileIdOf(ended));
  const sequences = tab.events.map(({ sequence }) => sequence);
  expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
  await tab.close();
});

test("whoever is cut off is told what was missed, all of it and in order, and nothing twice", async () => {
  const ann = await newCaller();
  const proxy = await startCuttingProxy(new URL(sharedStack().url), []);
  const { url } = await newTicket(ann);
  const [steady, cut] = await Promise.all([
    Listener.open(ann),
    Listener.at(url.replace(new URL(url).host, new URL(proxy.url).host)),
  ]);
  const first = await uploadFile(ann, HELLO, NOTES);
  await cut.find("upload.finished", first);
  const uploading = Promise.all(
    ["one", "two", "three"].map((text) => uploadFile(ann, Buffer.from(text), NOTES)),
  );
  await proxy.close();
  await cut.closeCode();
  const fileIds = await uploading;
  for (const fileId of [first, ...fileIds]) await steady.find("file.ready", fileId);
  const again = await Listener.open(ann, { after: cut.lastSequence });
  expect(again.hello).toMatchObject({ resumed: true, sequence: cut.lastSequence });
  const last = await uploadFile(ann, HELLO, NOTES);
  await Promise.all([steady, again].map((each) => each.find("file.ready", last)));
  const upTo = (await steady.find("file.ready", last)).sequence;
  const kept = (...listeners: readonly Listener[]) =>
    listeners
      .flatMap(({ events }) => events)
      .filter(({ type, sequence }) => !PASSING_FACTS.has(type) && sequence <= upTo);
  expect(kept(cut, again)).toEqual(kept(steady));
  await Promise.all([steady.close(), again.close()]);
});

test("who asks for what isn't known any more, or isn't known yet, is told to read anew", async () => {
  const ann = await newCaller();
  const first = await Listener.open(ann);
  for (const after of [0, first.hello.sequence - 1, first.hello.sequence + 1_000_000]) {
    const again = await Listener.open(ann, { after });
    expect(again.hello).toMatchObject({ resumed: false, sequence: first.hello.sequence });
    await again.close();
  }
  await first.close();
});

test("nobody is told of what is another's, of their tenant or not, whatever sequence they know", async () => {
  const ann = await newCaller();
  const bob = await newCaller({ tenantId: ann.tenantId, user: "bob" });
  const stranger = await newCaller();
  const anns = await Listener.open(ann);
  const others = await Promise.all(
    [bob, stranger].map((each) => Listener.open(each, { after: anns.hello.sequence })),
  );
  const theirs = await uploadAndSettle(ann);
  for (const [index, caller] of [bob, stranger].entries()) {
    const listener = others[index];
    const own = await uploadFile(caller, HELLO, NOTES);
    await listener?.find("file.ready", own);
    expect(JSON.stringify(listener?.events)).not.toContain(theirs);
    const resumed = await Listener.open(caller, { after: anns.hello.sequence });
    expect(JSON.stringify(resumed.events)).not.toContain(theirs);
    await Promise.all([listener?.close(), resumed.close()]);
  }
  const shared = await Listener.open(bob);
  await sendJson(ann, "PUT", `/v1/files/${theirs}/shares/bob`, { permission: "view" });
  await shared.find("file.shared", theirs);
  await Promise.all([shared.close(), anns.close()]);
});

test("who watches an entity is told what is attached to it, and not what isn't, or lies in the trash", async () => {
  const ann = await newCaller();
  const bob = await newCaller({ tenantId: ann.tenantId, user: "bob" });
  const page = await Listener.open(bob, ENTITY);
  const elsewhere = await Promise.all([uploadAndSettle(ann), uploadAndSettle(ann, OTHER)]);
  const attached = await uploadFile(ann, HELLO, { ...NOTES, ...ENTITY });
  await page.find("file.ready", attached);
  await ann.fetch(`/v1/files/${attached}`, { method: "DELETE" });
  await page.find("file.deleted", attached);
  await ann.fetch(`/v1/files/${attached}/restore`, { method: "POST" });
  await page.find("file.restored", attached);
  const other = await Listener.open(bob, OTHER);
  await patchFile(ann, attached, OTHER);
  await Promise.all([page, other].map((each) => each.find("file.updated", attached)));
  for (const fileId of elsewhere) expect(JSON.stringify(page.events)).not.toContain(fileId);
  expect(page.events.map(({ type }) => type)).not.toContain("quota.changed");
  await Promise.all([page.close(), other.close()]);
});

test("an upload that replaces a file is told to what that is attached to, whatever else it declares", async () => {
  const ann = await newCaller();
  const [contact, other] = [await Listener.open(ann, ENTITY), await Listener.open(ann, OTHER)];
  const attached = await uploadFile(ann, HELLO, { ...NOTES, ...ENTITY });
  const ready = await contact.find("file.ready", attached);
  const location = await createUpload(ann, 10, { replaces: attached, ...NOTES, ...OTHER });
  await append(ann, location, 0, textOf(10));
  const elsewhere = await uploadFile(ann, HELLO, { ...NOTES, ...OTHER });
  await other.find("file.ready", elsewhere);
  await contact.find("upload.finished", attached);
  expect(contact.events.filter(({ sequence }) => sequence > ready.sequence)).not.toEqual([]);
  expect(JSON.stringify(other.events)).not.toContain(attached);
  await Promise.all([contact, other].map((each) => each.close()));
});

test("nobody is told what was told of an entity before they listened, whatever sequence they know", async () => {
  const ann = await newCaller();
  const bob = await newCaller({ tenantId: ann.tenantId, user: "bob" });
  const anns = await Listener.open(ann, ENTITY);
  const attached = await uploadFile(ann, HELLO, { ...NOTES, ...ENTITY });
  await anns.find("file.ready", attached);
  for (let time = 0; time < 2; time += 1) {
    const bobs = await Listener.open(bob, { ...ENTITY, after: anns.hello.sequence });
    expect(bobs.hello).toMatchObject({ resumed: false });
    expect(bobs.events).toEqual([]);
    await bobs.close();
  }
  const again = await Listener.open(ann, { ...ENTITY, after: anns.hello.sequence });
  await again.find("file.ready", attached);
  await Promise.all([anns, again].map((each) => each.close()));
});

test("of a user's sockets the oldest goes for one more than there may be", async () => {
  const ann = await newCaller();
  const { url } = await newTicket(ann);
  const oldest = await Listener.at(url);
  const others = await Promise.all(Array.from({ length: 49 }, () => Listener.at(url)));
  const last = await Listener.at(url);
  expect(await oldest.closeCode()).toBe(LIVE_CLOSE.ended);
  await uploadFile(ann, HELLO, NOTES);
  await Promise.all([...others, last].map((each) => each.find("file.ready")));
  await Promise.all([...others, last].map((each) => each.close()));
});

test("an entity is watched by whoever may see all that is attached to it", async () => {
  const tenantId = newTenantId();
  const [admin, ann] = await Promise.all([newAdmin(tenantId), newCaller({ tenantId })]);
  const backend = await newCaller({ tenantId, user: "crm", role: "service" });
  const path = `/v1/admin/tenants/${tenantId}`;
  await sendJson(admin, "PATCH", path, { settings: { entityAccess: "owner" } });
  const ticketCode = async (caller: Caller, wanted = {}) => {
    const answer = await postTicket(caller, wanted);
    return answer.ok ? "201" : codeOf(answer);
  };
  await expect.poll(() => ticketCode(ann, ENTITY)).toBe("403 ROLE_REQUIRED");
  expect(await ticketCode(ann)).toBe("201");
  expect(await ticketCode(admin, ENTITY)).toBe("201");
  expect(await ticketCode(ann, { entityType: "contact" })).toBe("400 REQUEST_INVALID");
  const holder = await grantEntity(backend, { allow: ["view"] });
  expect(await ticketCode(holder, ENTITY)).toBe("201");
  expect(await ticketCode(holder, OTHER)).toBe("403 GRANT_SCOPE");
  expect(await ticketCode(await grantEntity(backend, { allow: ["upload"] }))).toBe("403 GRANT_SCOPE");
  // A grant's holder has the entity, and nothing of their own.
  const page = await Listener.open(holder);
  const [own, attached] = [await uploadAndSettle(ann), await uploadAndSettle(ann, ENTITY)];
  await page.find("file.ready", attached);
  expect(JSON.stringify(page.events)).not.toContain(own);
  await page.close();
});

/** A ticket of our own making: what the worker would never give away. */
async function forgedTicket(
  caller: Caller,
  change: { expiresAtMs?: number; endsAtMs?: number },
  secret?: string,
) {
  const userId = UserId.parse("ann");
  const channel: Channel = { kind: "user", userId };
  const claims = { tenantId: caller.tenantId, userId, channel };
  const times = { expiresAtMs: Date.now() + 30_000, endsAtMs: Date.now() + 30_000, ...change };
  const key = { kid: "local", secret: secret ?? inject("signedUrlSecret") };
  return sealTicket({ ...claims, ...times }, [key]);
}

function socketUrl(ticket: string): string {
  return `${sharedStack().url.replace("http", "ws")}/v1/live?ticket=${ticket}`;
}

/** A socket as bytes, when it has been answered. */
async function openSocket(ticket: string): Promise<RawRequest> {
  const url = new URL(socketUrl(ticket).replace("ws", "http"));
  const opened = await openRequest(url, "GET", UPGRADE);
  await once(opened.socket, "data");
  return opened;
}

/** What an upgrade is answered: its status, and the code of a refusal. */
async function upgradeCode(ticket: string): Promise<string> {
  const asked = await openSocket(ticket);
  const [, status] = /^HTTP\/1.1 (\d+)/.exec(asked.received()) ?? [];
  const [, code = ""] = /"code":"(\w+)"/.exec(asked.received()) ?? [];
  await asked.cut();
  return `${status} ${code}`.trim();
}

test("a socket takes a ticket of ours, in its time, of a tenant that is there", async () => {
  const ann = await newCaller();
  const askedAtMs = Date.now();
  const { url, expiresAt, endsAt } = await newTicket(ann);
  // The socket ends with the caller's token, which was made just now for an hour.
  const times = [
    { end: expiresAt, leastMs: 30_000, mostMs: 30_000 },
    { end: endsAt, leastMs: 3_540_000, mostMs: 3_600_000 },
  ];
  for (const { end, leastMs, mostMs } of times) {
    expect(Date.parse(end) - askedAtMs).toBeGreaterThanOrEqual(leastMs);
    expect(Date.parse(end) - Date.now()).toBeLessThanOrEqual(mostMs);
  }
  expect(url).not.toContain("ann");
  const good = await forgedTicket(ann, {});
  expect(await upgradeCode(good)).toBe("101");
  const refused = [
    await forgedTicket(ann, { expiresAtMs: Date.now() }),
    await forgedTicket(ann, {}, "x".repeat(32)),
    `${good.slice(0, -2)}AA`,
    good.replace("local", "other"),
    ann.token,
    "",
  ];
  for (const ticket of refused) expect(await upgradeCode(ticket)).toBe("401 LIVE_TICKET_INVALID");
  expect(await upgradeCode(`${good}&after=x`)).toBe("400 REQUEST_INVALID");
  expect(await codeOf(await fetch(url.replace("ws", "http")))).toBe("426 UPGRADE_REQUIRED");
  await uploadFile(ann, HELLO, NOTES);
  const admin = await newAdmin(ann.tenantId);
  const erasing = await sendJson(admin, "POST", `/v1/admin/tenants/${ann.tenantId}/erasure`, {
    confirm: ann.tenantId,
  });
  expect(erasing.status, await erasing.text()).toBeLessThan(300);
  expect(await upgradeCode(good)).toBe("403 TENANT_ERASING");
});

test("a socket tells nothing when its time is over, answers ping, and is closed for all else", async () => {
  const ann = await newCaller();
  const steady = await Listener.open(ann);
  const over = await openSocket(await forgedTicket(ann, { endsAtMs: Date.now() }));
  const fileId = await uploadFile(ann, HELLO, NOTES);
  await steady.find("file.ready", fileId);
  expect(over.received()).toContain("Its time is over.");
  expect(over.received()).not.toContain(fileId);
  await over.cut();
  steady.send("ping");
  await steady.pong();
  steady.send("hello");
  expect(await steady.closeCode()).toBe(LIVE_CLOSE.refused);
});
