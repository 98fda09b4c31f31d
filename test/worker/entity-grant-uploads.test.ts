import { beforeAll, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import {
  append,
  createUpload,
  creationHeaders,
  fileIdOf,
  getRecord,
  TUS,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import type { Contacts } from "../support/entity-grants.ts";
import { codeOf, ENTITY, grantEntity, idsOf, makeContacts, OTHER } from "../support/entity-grants.ts";
import { NOTES } from "../support/upload-grants.ts";

const HELLO = Buffer.from("hello");

let contacts: Contacts;
beforeAll(async () => {
  contacts = await makeContacts();
});

function form(
  fields: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>> = {},
): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.append(name, value);
  data.append("file", new Blob([HELLO], { type: "text/plain" }), "notes.txt");
  for (const [name, value] of Object.entries(after)) data.append(name, value);
  return data;
}

const named = { "content-type": "text/plain", "content-disposition": 'attachment; filename="notes.txt"' };
const UPLOADS: Readonly<Record<string, (holder: Caller, entity: object) => Promise<Response>>> = {
  tus: (holder, entity) =>
    holder.fetch("/v1/uploads", {
      method: "POST",
      headers: {
        ...creationHeaders(5, { ...NOTES, ...entity }),
        "content-type": "application/offset+octet-stream",
      },
      body: "hello",
    }),
  IETF: (holder, entity) =>
    holder.fetch(`/v1/uploads?${new URLSearchParams({ ...entity })}`, {
      method: "POST",
      headers: named,
      body: "hello",
    }),
  "a body": (holder, entity) =>
    holder.fetch(`/v1/files?${new URLSearchParams({ ...entity })}`, {
      method: "POST",
      headers: named,
      body: "hello",
    }),
  "a form": (holder, entity) => holder.fetch("/v1/files", { method: "POST", body: form({ ...entity }) }),
  "a form with fields after its file": (holder, entity) =>
    holder.fetch("/v1/files", { method: "POST", body: form({}, { ...entity }) }),
};

test.each(Object.entries(UPLOADS))(
  "an upload by a grant: %s is attached to its entity, and to no other",
  async (_how, upload) => {
    const { backend } = contacts;
    const holder = await grantEntity(backend, { allow: ["upload"] });
    for (const entity of [{}, ENTITY]) {
      const answer = await upload(holder, entity);
      expect(answer.status, await answer.clone().text()).toBe(201);
      const fileId = fileIdOf(answer.headers.get("location") ?? "");
      expect(await getRecord(backend, fileId)).toMatchObject({ ...ENTITY, ownerId: "bob" });
      // It says what has become of it, to its sender.
      expect((await waitForVerdict(holder, fileId)).state).toBe("clean");
    }
    const before = await idsOf(backend, "?limit=200");
    expect(await codeOf(await upload(holder, OTHER))).toBe("403 GRANT_SCOPE");
    expect(await idsOf(backend, "?limit=200")).toEqual(before);
  },
);

test("an upload by a grant needs to be allowed, goes on by it and by no other, and isn't made of parts", async () => {
  const { backend } = contacts;
  const reader = await grantEntity(backend, { allow: ["list", "download", "delete"] });
  const creation = { method: "POST", headers: creationHeaders(5, NOTES) };
  expect(await codeOf(await reader.fetch("/v1/uploads", creation))).toBe("403 GRANT_SCOPE");
  const holder = await grantEntity(backend, { allow: ["upload"] });
  const partial = { ...TUS, "upload-length": "5", "upload-concat": "partial" };
  const refused = await holder.fetch("/v1/uploads", { method: "POST", headers: partial });
  expect(await codeOf(refused)).toBe("403 GRANT_SCOPE");
  const location = await createUpload(holder, 5, NOTES);
  const others = await Promise.all([
    grantEntity(backend, { ...OTHER }),
    grantEntity(backend, { userId: "eve" }),
    Promise.resolve(reader),
  ]);
  for (const other of others) expect((await append(other, location, 0, "HELLO")).status).toBe(404);
  const renewed = await grantEntity(backend, { allow: ["upload"] });
  expect((await append(renewed, location, 0, "hello")).status).toBe(204);
});

test("an upload by a grant takes the place of what its user has sent there, and of nothing else", async () => {
  const { backend, attached, elsewhere } = contacts;
  const holder = await grantEntity(backend, { allow: ["view", "upload"] });
  const own = await uploadFile(holder, HELLO, NOTES);
  await waitForVerdict(holder, own);
  const replace = (replaces: string) =>
    holder.fetch(`/v1/files?replaces=${replaces}`, { method: "POST", headers: named, body: "again" });
  const sent = await replace(own);
  expect(sent.status).toBe(201);
  const { versionUrl } = (await sent.json()) as { versionUrl: string };
  expect((await holder.fetch(versionUrl)).status).toBe(200);
  expect(await codeOf(await replace(attached))).toBe("403 PERMISSION_REQUIRED");
  expect(await codeOf(await replace(elsewhere))).toBe("404 FILE_NOT_FOUND");
  // Neither is a grant for uploads one for deleting what they have become.
  const ended = await holder.fetch(`/v1/uploads/${own}`, { method: "DELETE", headers: TUS });
  expect(await codeOf(ended)).toBe("403 GRANT_SCOPE");
});
