import { expect, test } from "vitest";
import { createFilesClient, createUploader, type Upload } from "../../client/index.ts";
import { type Caller, newCaller, sharedStack } from "../support/api.ts";
import { expectStored, textOf } from "../support/tus.ts";

function uploaderOf({ tenantId, token }: Caller, options: { chunkSizeBytes?: number } = {}) {
  const endpoint = `${sharedStack().url}/v1/uploads`;
  return createUploader({
    endpoint,
    tenantId,
    userId: "ann",
    getToken: () => token,
    retryBaseMs: 10,
    ...options,
  });
}

function ended(upload: Upload): Promise<Upload["state"]> {
  return new Promise((resolve) => {
    upload.subscribe(({ state }) => {
      if (["uploaded", "failed", "refused", "paused", "duplicate"].includes(state.kind)) resolve(state);
    });
  });
}

test("a file is uploaded, and its bytes are the server's by SHA-256; one against the rules is not sent", async () => {
  const caller = await newCaller();
  const uploader = uploaderOf(caller);
  const bytes = textOf(200_000);
  const files = [new File([bytes], "notes.txt", { type: "text/plain" }), new File(["MZ"], "run.exe")];
  expect((await uploader.check(files)).map(({ file }) => file.name)).toEqual(["run.exe"]);
  const [notes, program] = files.map((file) => uploader.add(file, {}, { verify: true }));
  if (notes === undefined || program === undefined) throw new Error("There are two.");
  const ends = Promise.all([notes, program].map(ended));
  notes.start();
  program.start();
  expect((await ends).map(({ kind }) => kind)).toEqual(["uploaded", "refused"]);
  await expectStored(caller, notes.id ?? "", bytes);
});

test("bytes that are there already are found by who may see them, and by nobody else", async () => {
  const ann = await newCaller();
  const bob = await newCaller({ tenantId: ann.tenantId, user: "bob" });
  const file = new File([textOf(20_000)], "notes.txt", { type: "text/plain" });
  const upload = async (caller: Caller) => {
    const sent = uploaderOf(caller).add(file, {}, { findDuplicates: true });
    const end = ended(sent);
    sent.start();
    return end;
  };
  const first = await upload(ann);
  if (first.kind !== "uploaded") throw new Error(`It is ${first.kind}.`);
  const files = createFilesClient({ baseUrl: sharedStack().url, getToken: () => ann.token });
  await files.waitUntilSettled(first.fileId);
  expect(await upload(ann)).toMatchObject({ kind: "duplicate", of: { id: first.fileId, state: "clean" } });
  expect((await upload(bob)).kind).toBe("uploaded");
});

test("what one device left unfinished is listed on another, and deleted from there", async () => {
  const caller = await newCaller();
  const left = uploaderOf(caller, { chunkSizeBytes: 5_000 }).add(
    new File([textOf(20_000)], "notes.txt", { type: "text/plain" }),
    {
      entityType: "contact",
      entityId: "c-1",
    },
  );
  const created = new Promise<void>((resolve) => {
    left.subscribe(() => {
      if (left.id === undefined) return;
      left.pause();
      resolve();
    });
  });
  left.start();
  await created;
  const found = await uploaderOf(caller).findOnOtherDevices();
  expect(found).toMatchObject([{ id: left.id, filename: "notes.txt", sizeBytes: 20_000, entityId: "c-1" }]);
  await found[0]?.discard();
  expect(await uploaderOf(caller).findOnOtherDevices()).toEqual([]);
});
