import { expect, test } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import type { Caller } from "../support/api.ts";
import { getRecord, newCaller } from "../support/api.ts";
import type { Part } from "../support/forms.ts";
import { field, file, formOf, postForm } from "../support/forms.ts";
import { sharedWorkerAlone } from "../support/shared-worker.ts";
import { textOf } from "../support/tus.ts";

const worker = sharedWorkerAlone();

/** What a form's upload answers when it is taken. */
async function created(answer: Response): Promise<FileRecord & { readonly url: string }> {
  const text = await answer.text();
  expect(answer.status, text).toBe(201);
  return JSON.parse(text) as FileRecord & { url: string };
}

async function upload(caller: Caller, ...parts: readonly Part[]) {
  return created(await postForm(caller, formOf(parts)));
}

/** What is kept of a file's declaration under names that mean nothing here. */
async function keptOf(fileId: string): Promise<unknown> {
  const [row] = await worker.query("SELECT metadata FROM files WHERE id = ?", fileId);
  return JSON.parse(String(row?.["metadata"]));
}

test("fields that mean nothing here are kept, as those of Upload-Metadata are", async () => {
  const caller = await newCaller({ stack: worker });
  const { id } = await upload(caller, field("entitytype", "x"), field("Gruß 1", "ü\r\ny"), file("a"));
  expect(await keptOf(id)).toEqual({ entitytype: "x", "Gruß 1": "ü\r\ny" });
});

test.each([1, 9 * 1024 * 1024])(
  "fields after a file of %d bytes are its own, as those before it",
  async (sizeBytes) => {
    const caller = await newCaller({ stack: worker });
    const { id, ...record } = await upload(
      caller,
      field("entityType", "contact"),
      field("before", "1"),
      file(textOf(sizeBytes)),
      field("entityId", "c-1"),
      field("tags", "x,y"),
      field("after", "2"),
    );
    const declared = { entityType: "contact", entityId: "c-1", tags: ["x", "y"], sizeBytes };
    expect(record).toMatchObject(declared);
    expect(await getRecord(caller, id)).toMatchObject(declared);
    expect(await keptOf(id)).toEqual({ before: "1", after: "2" });
  },
);

test("a form's fields may name and type its file, as Upload-Metadata does", async () => {
  const caller = await newCaller({ stack: worker });
  const named = [field("filename", "table.csv"), field("filetype", "text/csv")];
  const record = await upload(caller, ...named, file("a;b", "blob", "application/octet-stream"));
  expect(record).toMatchObject({ filename: "table.csv", mimeType: "text/csv" });
  expect(await keptOf(record.id)).toEqual({});
});

test("a later version has what its file has, whatever the fields after it say", async () => {
  const caller = await newCaller({ stack: worker });
  const { id } = await upload(caller, field("tags", "x"), file("a"));
  const next = await upload(caller, field("replaces", id), file("b"), field("tags", "y"), field("k", "v"));
  expect(next).toMatchObject({ id, tags: ["x"] });
  expect(await keptOf(id)).toEqual({});
});

/** As @uppy/xhr-upload 6.0.0 sends a file by its defaults: all that is known of it as fields, then the file. */
function formOfUppy(
  content: string,
  { name, type }: { readonly name: string; readonly type: string },
): FormData {
  const form = new FormData();
  for (const [key, value] of Object.entries({ relativePath: "null", name, type })) form.append(key, value);
  form.append("file", new File([content], name, { type }), name);
  return form;
}

test("Uppy's XHRUpload is taken by its defaults, and told where the file is", async () => {
  const caller = await newCaller({ stack: worker });
  const body = formOfUppy("a;b", { name: "Łódź.csv", type: "text/csv" });
  const answer = await caller.fetch("/v1/files", { method: "post", body });
  expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
  const record = await created(answer);
  expect(record).toMatchObject({ filename: "Łódź.csv", mimeType: "text/csv", url: `/v1/files/${record.id}` });
  expect((await caller.fetch(record.url)).status).toBe(200);
  expect(await keptOf(record.id)).toEqual({ relativePath: "null", name: "Łódź.csv", type: "text/csv" });
});
