import { afterEach, beforeEach, expect, test } from "vitest";
import { createUploader, type GetGrant } from "../../client/index.ts";
import { contentOf, KIB, makeFile, reached } from "./support/harness.ts";
import { startTusEndpoint, type TusEndpoint } from "./support/tus-endpoint.ts";

let endpoint: TusEndpoint;

beforeEach(async () => {
  endpoint = await startTusEndpoint();
});

afterEach(() => endpoint.close());

/** Grants that tell one from another, and how many there were. */
function countedGrants(): { readonly asked: string[]; readonly getGrant: GetGrant } {
  const asked: string[] = [];
  return {
    asked,
    getGrant(file, { entityId = "" }) {
      asked.push(`${file.name} ${entityId}`.trim());
      return { token: `grant-${asked.length}` };
    },
  };
}

function uploaderWith(getGrant: GetGrant) {
  return createUploader({ endpoint: endpoint.url, getGrant, chunkSizeBytes: 64 * KIB, retryBaseMs: 10 });
}

const tokens = () => endpoint.seen.map(({ method, authorization }) => `${method} ${authorization}`);

test("each upload has a grant of its own, for all of its requests", async () => {
  const { asked, getGrant } = countedGrants();
  const uploader = uploaderWith(getGrant);
  for (const name of ["a.pdf", "b.pdf"]) {
    const upload = uploader.add(makeFile(100 * KIB, name), { entityId: name });
    upload.start();
    await reached(upload, "uploaded");
  }
  expect(asked).toEqual(["a.pdf a.pdf", "b.pdf b.pdf"]);
  expect(tokens()).toEqual(
    [1, 2].flatMap((grant) => ["POST", "PATCH", "PATCH"].map((method) => `${method} Bearer grant-${grant}`)),
  );
  expect(await uploader.findPrevious()).toEqual([]);
});

test("a creation that wasn't answered is sent again with the same grant", async () => {
  const { asked, getGrant } = countedGrants();
  endpoint.next("POST", { status: 503 });
  const file = makeFile(10);
  const upload = uploaderWith(getGrant).add(file);
  upload.start();
  await reached(upload, "uploaded");
  expect(asked).toHaveLength(1);
  expect(tokens()).toEqual(["POST", "POST", "PATCH"].map((method) => `${method} Bearer grant-1`));
  expect(endpoint.uploads.get("file1")?.bytes.equals(await contentOf(file))).toBe(true);
});

test("a grant that ended before its upload was there is followed by another", async () => {
  const { getGrant } = countedGrants();
  endpoint.next("POST", { status: 401, problem: { status: 401, code: "TOKEN_EXPIRED" } });
  const upload = uploaderWith(getGrant).add(makeFile(10));
  upload.start();
  await reached(upload, "uploaded");
  expect(tokens()).toEqual(["POST Bearer grant-1", "POST Bearer grant-2", "PATCH Bearer grant-2"]);
});

test("one that ends while its upload is under way isn't renewed; the upload fails, and begins anew if it is to", async () => {
  const { getGrant } = countedGrants();
  const expired = { status: 401, problem: { status: 401, code: "TOKEN_EXPIRED", title: "x", type: "y" } };
  endpoint.next("PATCH", expired);
  endpoint.next("PATCH", expired);
  const upload = uploaderWith(getGrant).add(makeFile(10));
  upload.start();
  expect(await reached(upload, "failed")).toMatchObject({ problem: { code: "TOKEN_EXPIRED" } });
  expect(tokens()).toEqual(["POST", "PATCH", "PATCH"].map((method) => `${method} Bearer grant-1`));
  upload.resume();
  expect(await reached(upload, "uploaded")).toEqual({ kind: "uploaded", fileId: "file2", version: 1 });
  expect(tokens().slice(3)).toEqual(["POST Bearer grant-2", "PATCH Bearer grant-2"]);
});

test("one that ends while its upload is under way is renewed, and the upload goes on where it was", async () => {
  const { asked, getGrant } = countedGrants();
  const renewed: string[] = [];
  const expired = { status: 401, problem: { status: 401, code: "TOKEN_EXPIRED" } };
  endpoint.next("PATCH", expired);
  endpoint.next("PATCH", expired);
  const upload = createUploader({
    endpoint: endpoint.url,
    retryBaseMs: 10,
    getGrant,
    renewGrant({ token }) {
      renewed.push(token);
      if (renewed.length === 1) throw new Error("The backend is away.");
      return { token: `${token} again`.replace(" ", "-") };
    },
  }).add(makeFile(10));
  upload.start();
  await reached(upload, "uploaded");
  expect(asked).toHaveLength(1);
  expect(renewed.at(-1)).toBe("grant-1");
  expect(tokens().at(-1)).toBe("PATCH Bearer grant-1-again");
  expect(endpoint.uploads.size).toBe(1);
});

test("an upload that is aborted is deleted with its own grant", async () => {
  const { getGrant } = countedGrants();
  endpoint.next("PATCH", { stallAfterBytes: 1 });
  const upload = uploaderWith(getGrant).add(makeFile(10));
  upload.start();
  await expect.poll(() => endpoint.uploads.get("file1")?.bytes.byteLength, { interval: 5 }).toBe(1);
  await upload.abort();
  expect(tokens().at(-1)).toBe("DELETE Bearer grant-1");
});

test("a backend that gives no grant is asked again", async () => {
  let calls = 0;
  const upload = uploaderWith(() => {
    calls += 1;
    if (calls === 1) throw new Error("The backend is away.");
    return { token: "grant" };
  }).add(makeFile(10));
  upload.start();
  await reached(upload, "uploaded");
  expect(calls).toBe(2);
});
