import { describe, expect, test } from "vitest";
import { fileIdOf, getRecord, newCaller } from "../support/api.ts";
import { clientOptions, cuttingProxy, TUS_CLIENTS, uploadBy } from "../support/tus-clients.ts";
import { expectStored, textOf } from "../support/tus.ts";

const MIB = 1024 * 1024;
const METADATA = {
  filename: "leads.csv",
  filetype: "text/csv",
  tags: "a,b",
  entityType: "lead",
  entityId: "7",
};
const RECORD = {
  filename: "leads.csv",
  mimeType: "text/csv",
  tags: ["a", "b"],
  entityType: "lead",
  entityId: "7",
};

describe.each(TUS_CLIENTS)("tus-js-client %s", (_version, make) => {
  test.each([
    ["tus-v1", false],
    ["tus-v1", true],
    ["ietf-draft-05", false],
    ["ietf-draft-05", true],
  ] as const)("in its mode %s with metadata, first bytes with the creation: %s", async (protocol, early) => {
    const caller = await newCaller();
    const bytes = textOf(3_000_000);
    const options = { ...clientOptions(caller.token, METADATA), chunkSize: MIB };
    const upload = await uploadBy(make, bytes, { ...options, protocol, uploadDataDuringCreation: early });
    const fileId = fileIdOf(upload.url ?? "");
    expect(await getRecord(caller, fileId)).toMatchObject(RECORD);
    await expectStored(caller, fileId, bytes);
  });

  test.each(["tus-v1", "ietf-draft-05"] as const)(
    "an empty file with metadata, in its mode %s, is a file",
    async (protocol) => {
      const caller = await newCaller();
      const upload = await uploadBy(make, Buffer.alloc(0), {
        ...clientOptions(caller.token, METADATA),
        protocol,
        uploadDataDuringCreation: protocol === "ietf-draft-05",
      });
      await expectStored(caller, fileIdOf(upload.url ?? ""), Buffer.alloc(0));
    },
  );

  test.each(["tus-v1", "ietf-draft-05"] as const)(
    "gets through four cuts in its mode %s",
    async (protocol) => {
      const caller = await newCaller();
      const bytes = textOf(4_000_000);
      const proxy = await cuttingProxy([500_000, 1_500_000, 2_500_000, 3_500_000]);
      const upload = await uploadBy(make, bytes, {
        ...clientOptions(caller.token, METADATA, proxy.url),
        protocol,
      });
      expect(proxy.cuts).toBe(4);
      await expectStored(caller, fileIdOf(upload.url ?? ""), bytes);
    },
  );

  test("gets through cuts of creations that bring their first bytes", async () => {
    const caller = await newCaller();
    const bytes = textOf(2_000_000);
    const proxy = await cuttingProxy([500_000, 1_500_000, 2_500_000, 4_000_000]);
    const options = clientOptions(caller.token, METADATA, proxy.url);
    const upload = await uploadBy(make, bytes, { ...options, uploadDataDuringCreation: true });
    expect(proxy.cuts).toBe(4);
    await expectStored(caller, fileIdOf(upload.url ?? ""), bytes);
  });
});
