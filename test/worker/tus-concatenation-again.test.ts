import { expect, test } from "vitest";
import { append, fileIdOf, metadataHeader, newCaller, TUS } from "../support/api.ts";
import { postFinal, uploadPartials } from "../support/concatenation.ts";
import { expectRefusal, expectStored, headOf, listedFiles, locationOf } from "../support/tus.ts";

test("tus 77: of different finals of the same partials at once, one is made, and the others are refused", async () => {
  const caller = await newCaller();
  const partials = await uploadPartials(caller, ["abc", "def"]);
  const names = Array.from({ length: 5 }, (_, index) => metadataHeader({ filename: `${index}.txt` }));
  const answers = await Promise.all(
    names.map((metadata) => postFinal(caller, partials, { "upload-metadata": metadata })),
  );
  const [made, ...others] = answers.toSorted((a, b) => a.status - b.status);
  expect(made?.status).toBe(201);
  for (const other of others) await expectRefusal(other, 400, "UPLOAD_CONCAT_INVALID");
  const fileId = fileIdOf(made?.headers.get("location") ?? "");
  await expectStored(caller, fileId, Buffer.from("abcdef"));
  expect(await listedFiles(caller)).toEqual([fileId]);
});

test("tus 77: who lost the answer to a final asks again, and is told of the same one", async () => {
  const caller = await newCaller();
  const partials = await uploadPartials(caller, ["abc", "def"]);
  const final = await locationOf(postFinal(caller, partials));
  for (let times = 0; times < 2; times += 1) {
    const again = await postFinal(caller, partials);
    expect(again.status).toBe(201);
    expect(again.headers.get("location")).toBe(final);
  }
  expect(await listedFiles(caller)).toEqual([fileIdOf(final)]);
  const other = { "upload-metadata": metadataHeader({ filename: "other.txt" }) };
  await expectRefusal(await postFinal(caller, partials, other), 400, "UPLOAD_CONCAT_INVALID");
  await expectRefusal(await postFinal(caller, partials.toReversed()), 400, "UPLOAD_CONCAT_INVALID");
  await expectRefusal(await postFinal(caller, partials.slice(1)), 400, "UPLOAD_CONCAT_INVALID");
  const stranger = await newCaller({ tenantId: caller.tenantId, user: "bob" });
  await expectRefusal(await postFinal(stranger, partials), 400, "UPLOAD_CONCAT_INVALID");
});

test("tus 77: of a final that an admin made of somebody's partials, those aren't told", async () => {
  const caller = await newCaller();
  const admin = await newCaller({ tenantId: caller.tenantId, user: "root", role: "admin" });
  const partials = await uploadPartials(caller, ["abc", "def"]);
  const final = await locationOf(postFinal(admin, partials));
  await expectRefusal(await postFinal(caller, partials), 400, "UPLOAD_CONCAT_INVALID");
  expect((await postFinal(admin, partials)).headers.get("location")).toBe(final);
});

test("tus 77: a partial that was joined stays complete, though its bytes are the final's now", async () => {
  const caller = await newCaller();
  const partials = await uploadPartials(caller, ["abc", "def"]);
  await locationOf(postFinal(caller, partials));
  for (const partial of partials) {
    expect(await headOf(caller, partial)).toMatchObject({ "upload-offset": "3", "upload-length": "3" });
    expect((await append(caller, partial, 3, null)).status).toBe(204);
    await expectRefusal(await append(caller, partial, 3, "x"), 409, "UPLOAD_COMPLETED");
    expect((await caller.fetch(partial, { method: "DELETE", headers: TUS })).status).toBe(204);
    await expectRefusal(await append(caller, partial, 3, null), 404, "UPLOAD_NOT_FOUND");
  }
});
