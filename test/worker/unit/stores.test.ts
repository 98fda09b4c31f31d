import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { StoreCall } from "../../support/stores/calls.ts";
import { R2, useStoreHost } from "../../support/stores/host.ts";

const MIB = 1024 * 1024;
const PART_BYTES = 5 * MIB;

const host = useStoreHost();

/** Every store that there is, on one bucket. */
describe.each(["r2", "s3"] as const)("the %s store", (name) => {
  const call = <C extends StoreCall>(each: C) => host.call(name === "r2" ? R2 : host.s3, each);
  const newKey = () => `t/acme/${randomUUID()}/1/original-1`;

  async function begin() {
    const key = newKey();
    return { key, id: await call({ call: "createMultipart", key }) };
  }

  async function storePart(
    upload: { key: string; id: string },
    partNumber: number,
    ...piecesBytes: number[]
  ) {
    const etag = await call({ call: "storePart", ...upload, partNumber, piecesBytes });
    return { partNumber, etag };
  }

  test.each([[[]], [[1]], [[70_000]], [[0, 1]], [[MIB, 300_000, 1, MIB]]])(
    "stores pieces of %j bytes and gives them back",
    async (piecesBytes) => {
      const key = newKey();
      const sizeBytes = piecesBytes.reduce((sum, bytes) => sum + bytes, 0);
      const facts = await call({ call: "put", key, piecesBytes });
      expect(facts).toEqual({ etag: expect.stringMatching(/^[0-9a-f]{32}$/), sizeBytes });
      expect(await call({ call: "head", key })).toEqual(facts);
      expect(await call({ call: "get", key, etag: facts.etag })).toEqual({
        ...facts,
        ...{ bytes: sizeBytes, isRight: true },
      });
    },
  );

  test.each([
    [0, 1],
    [0, 1000],
    [1, 1],
    [999, 1],
    [400, 600],
  ])("gives the range at %i of %i bytes, and says how large the whole is", async (offset, length) => {
    const key = newKey();
    await call({ call: "put", key, piecesBytes: [1000] });
    expect(await call({ call: "get", key, range: { offset, length } })).toMatchObject({
      ...{ sizeBytes: 1000, bytes: length, isRight: true },
    });
  });

  test("gives only the object that has the etag", async () => {
    const key = newKey();
    const { etag } = await call({ call: "put", key, piecesBytes: [10] });
    expect(await call({ call: "get", key, etag: "0".repeat(32) })).toBeNull();
    await call({ call: "put", key, piecesBytes: [11] });
    expect(await call({ call: "get", key, etag, range: { offset: 0, length: 1 } })).toBeNull();
  });

  test("says what isn't there", async () => {
    expect(await call({ call: "head", key: newKey() })).toBeNull();
    expect(await call({ call: "get", key: newKey() })).toBeNull();
  });

  test("makes an object of the parts that are listed, whatever others and gaps there are", async () => {
    const upload = await begin();
    const first = await storePart(upload, 1, PART_BYTES);
    await storePart(upload, 2, PART_BYTES);
    const last = await storePart(upload, 7, 3, 4);
    const facts = await call({ call: "completeMultipart", ...upload, parts: [first, last] });
    expect(facts?.sizeBytes).toBe(PART_BYTES + 7);
    expect(await call({ call: "head", key: upload.key })).toEqual(facts);
    const range = { offset: PART_BYTES - 5, length: 5 };
    expect(await call({ call: "get", key: upload.key, range })).toMatchObject({ isRight: true, bytes: 5 });
    // Done before: some stores say so, and others do it again.
    expect([null, facts]).toContainEqual(
      await call({ call: "completeMultipart", ...upload, parts: [first, last] }),
    );
  });

  test("forgets what was aborted, and says that it is lost", async () => {
    const upload = await begin();
    const part = await storePart(upload, 1, 10);
    await call({ call: "abortMultipart", ...upload });
    await call({ call: "abortMultipart", ...upload });
    await expect(storePart(upload, 2, 5, 5)).rejects.toThrow("UPLOAD_LOST");
    expect(await call({ call: "completeMultipart", ...upload, parts: [part] })).toBeNull();
  });

  test("says what parts can't become an object", async () => {
    const upload = await begin();
    const parts = [await storePart(upload, 1, 10), await storePart(upload, 2, 10)];
    const small = call({ call: "completeMultipart", ...upload, parts });
    await expect(small).rejects.toThrow("UPLOAD_LOST");
    const wrong = { partNumber: 1, etag: "0".repeat(32) };
    const other = call({ call: "completeMultipart", ...upload, parts: [wrong] });
    await expect(other).rejects.toThrow("UPLOAD_LOST");
  });

  test("lists in order and removes, whatever a key is of", async () => {
    const prefix = `t/${randomUUID()}/`;
    const names = ["a b+c&d<e>", "é'()*!~", "%41", "plain", "plain/below"];
    const keys = names.map((each) => `${prefix}${each}`).toSorted();
    for (const [index, key] of keys.entries()) await call({ call: "put", key, piecesBytes: [index] });
    expect(await call({ call: "list", prefix })).toEqual({ keys, sizes: [0, 1, 2, 3, 4], isAll: true });
    await call({ call: "remove", keys: [] });
    await call({ call: "remove", keys: [`${prefix}none`] });
    await call({ call: "remove", keys: [...keys.slice(1), `${prefix}none`] });
    expect(await call({ call: "list", prefix })).toMatchObject({ keys: keys.slice(0, 1) });
    await call({ call: "remove", keys: keys.slice(0, 1) });
    expect(await call({ call: "list", prefix })).toEqual({ keys: [], sizes: [], isAll: true });
  });
});
