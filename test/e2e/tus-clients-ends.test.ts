import { describe, expect, test } from "vitest";
import { fileIdOf, getRecord, newCaller } from "../support/api.ts";
import { clientOptions, cuttingProxy, TUS_CLIENTS, uploadBy } from "../support/tus-clients.ts";
import { expectStored, listedFiles, textOf } from "../support/tus.ts";
import { mint, NOTES } from "../support/upload-grants.ts";

describe.each(TUS_CLIENTS)("tus-js-client %s", (_version, make) => {
  test.each([
    ["tus-v1", "", false],
    ["tus-v1", " that bring the whole file", true],
    ["ietf-draft-05", "", false],
    ["ietf-draft-05", " that bring the whole file", true],
  ] as const)(
    "with a grant gets through lost answers to creations by %s%s",
    async (protocol, _what, early) => {
      const backend = await newCaller({ role: "service" });
      const grant = await mint({}, backend);
      const bytes = textOf(500_000);
      const proxy = await cuttingProxy([], 2);
      const options = clientOptions(grant.token, { ...NOTES }, proxy.url);
      const upload = await uploadBy(make, bytes, { ...options, protocol, uploadDataDuringCreation: early });
      expect(proxy.lost).toBe(2);
      expect(fileIdOf(upload.url ?? "")).toBe(grant.fileId);
      await expectStored(backend, grant.fileId, bytes);
    },
  );

  test("with a grant goes on where a creation that brought its first bytes was cut", async () => {
    const backend = await newCaller({ role: "service" });
    const grant = await mint({}, backend);
    const bytes = textOf(3_000_000);
    const proxy = await cuttingProxy([1_000_000, 2_000_000]);
    const options = clientOptions(grant.token, { ...NOTES }, proxy.url);
    await uploadBy(make, bytes, { ...options, uploadDataDuringCreation: true });
    expect(proxy.cuts).toBe(2);
    await expectStored(backend, grant.fileId, bytes);
  });

  test.each(["tus-v1", "ietf-draft-05"] as const)(
    "that is stopped for good after the end puts its file into the trash (%s)",
    async (protocol) => {
      const caller = await newCaller();
      const options = clientOptions(caller.token, { ...NOTES });
      const upload = await uploadBy(make, Buffer.from("hello"), { ...options, protocol });
      const fileId = fileIdOf(upload.url ?? "");
      expect(await listedFiles(caller)).toEqual([fileId]);
      await upload.abort(true);
      expect((await getRecord(caller, fileId)).deletedAt).not.toBeNull();
      expect(await listedFiles(caller)).toEqual([]);
      await caller.fetch(`/v1/files/${fileId}/restore`, { method: "POST" });
      await expectStored(caller, fileId, Buffer.from("hello"));
    },
  );
});
