import { expect, test } from "vitest";
import {
  append,
  type Caller,
  createUpload,
  creationHeaders,
  getRecord,
  newCaller,
  readProblem,
  waitForRecord,
} from "../support/api.ts";
import { file, formOf, postForm } from "../support/forms.ts";
import { createByTus, mint } from "../support/upload-grants.ts";
import { cleanFile, replace, restore } from "../support/versions.ts";

const encoder = new TextEncoder();

test("a file keeps its name, with the ending of the version that is served", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller, "a,b\n1,2\n", "figures.csv");
  await replace(caller, fileId, encoder.encode("a text"), "something else.TXT");
  expect((await getRecord(caller, fileId)).filename).toBe("figures.TXT");
  await restore(caller, fileId, 1);
  expect((await getRecord(caller, fileId)).filename).toBe("figures.csv");
});

/** What turns text around, what systems take for a path or a stream, and lines' ends: in its ending too. */
const SMUGGLED = "re\u202eport/sub\\dir:stream\r\n\u2028.t\u200fx\u202et\u2069";
const PERCENT = encodeURIComponent(SMUGGLED);

const WAYS: Readonly<Record<string, (caller: Caller, replaces: string) => Promise<Response>>> = {
  tus: (caller, replaces) => {
    const headers = creationHeaders(6, { filename: SMUGGLED, filetype: "text/plain", replaces });
    const type = { "content-type": "application/offset+octet-stream" };
    return caller.fetch("/v1/uploads", { method: "POST", headers: { ...headers, ...type }, body: "second" });
  },
  "the IETF's protocol": (caller, replaces) => {
    const named = { "content-disposition": `attachment; filename*=UTF-8''${PERCENT}` };
    const headers = { ...named, "content-type": "text/plain", "upload-complete": "?1" };
    return caller.fetch(`/v1/uploads?replaces=${replaces}`, { method: "POST", headers, body: "second" });
  },
  "a plain request": (caller, replaces) => {
    const headers = {
      "content-disposition": `attachment; filename*=UTF-8''${PERCENT}`,
      "content-type": "text/plain",
    };
    return caller.fetch(`/v1/files?replaces=${replaces}`, { method: "POST", headers, body: "second" });
  },
  "a form": (caller, replaces) => {
    const name = SMUGGLED.replaceAll("\r", "%0D").replaceAll("\n", "%0A");
    return postForm(caller, formOf([file("second", name)]), { query: `?replaces=${replaces}` });
  },
};

test.each(Object.keys(WAYS))("no unsafe name comes with a version, or back with it: %s", async (way) => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller, "a,b\n1,2\n", "figures.csv");
  const answer = await WAYS[way]?.(caller, fileId);
  expect(answer?.status).toBe(201);
  const record = await waitForRecord(caller, fileId, ({ version }) => version === 2);
  expect(record.filename).toBe("figures.txt");
  await restore(caller, fileId, 1);
  expect((await getRecord(caller, fileId)).filename).toBe("figures.csv");
  await restore(caller, fileId, 2);
  expect((await getRecord(caller, fileId)).filename).toBe("figures.txt");
  const content = await caller.fetch(`/v1/files/${fileId}/content`);
  expect(content.headers.get("content-disposition")).toMatch(/^attachment; filename="figures\.txt"/);
});

test("a grant's file is called by the same rules", async () => {
  const grant = await mint();
  const created = await createByTus(grant, {
    length: 6,
    metadata: { filename: SMUGGLED, filetype: "text/plain" },
  });
  expect(created.status).toBe(201);
  expect((await getRecord(grant.backend, grant.fileId)).filename).toBe("report_sub_dir_stream.txt");
});

test("an ending that a file was renamed to stays as long as its versions may have it", async () => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller, "first", "notes.log");
  await replace(caller, fileId, encoder.encode("second"), "notes.text");
  const renamed = await caller.fetch(`/v1/files/${fileId}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ filename: "Plan.txt" }),
  });
  expect(renamed.status).toBe(200);
  for (const version of [1, 1, 2]) {
    await restore(caller, fileId, version);
    expect((await getRecord(caller, fileId)).filename).toBe("Plan.txt");
  }
  await replace(caller, fileId, encoder.encode("a,b\n1,2\n"), "plan.csv");
  expect((await getRecord(caller, fileId)).filename).toBe("Plan.csv");
});

test.each([
  ["an ending that can't be seen to be another's", "numbers.cs\u0001v\u202e", "figures.csv"],
  ["no ending: its type's", "numbers", "figures.txt"],
  ["no ending, though there is a dot", "Numbers of No. 12", "figures.txt"],
])("a file is called after its version by the same rules: %s", async (_what, filename, expected) => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller, "first", "figures.log");
  const location = await createUpload(caller, 6, { filename, filetype: "text/plain", replaces: fileId });
  await append(caller, location, 0, "second");
  const record = await waitForRecord(caller, fileId, ({ version }) => version === 2);
  expect(record.filename).toBe(expected);
});

test.each([
  "page.html",
  "page.desktop",
  "pad.settingcontent-ms",
  "page.pdf",
  "report.\u202etxt/sub\\dir:stream",
])("a text's version can't be called %s", async (filename) => {
  const caller = await newCaller();
  const fileId = await cleanFile(caller);
  const headers = creationHeaders(5, { filename, filetype: "text/plain", replaces: fileId });
  const refused = await caller.fetch("/v1/uploads", { method: "POST", headers });
  expect(await readProblem(refused)).toMatchObject({ status: 415, code: "FILE_TYPE_REFUSED" });
});
