import * as tus from "tus-js-client";
import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { append, APPEND, createUpload, creationHeaders, headOffset, newCaller, TUS } from "../support/api.ts";
import { startCuttingProxy } from "../support/cutting-proxy.ts";
import { quotaOf } from "../support/quota.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { openRequest } from "../support/raw-request.ts";
import { textOf } from "../support/tus.ts";
import { asHolder, mint, NOTES } from "../support/upload-grants.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

/**
 * A creation with a body whose client went away before it was told the address: without interim responses nobody knows
 * it, so that it would hold its quota until it expires. Which of several uploads ends first is what the tests wait for:
 * the last to be cut is due last.
 */

const MIB = 1024 * 1024;
const TEXT = textOf(1_000);

const stack = useWorkerAlone({ CREATION_GRACE_SECONDS: "1" });

const WITH_BODY = [
  ["tus", { ...APPEND, ...creationHeaders(TEXT.byteLength, NOTES) }],
  [
    "IETF",
    {
      "upload-complete": "?0",
      "content-type": "text/plain",
      "content-disposition": 'inline; filename="a.txt"',
    },
  ],
] as const;

type Headers = Readonly<Record<string, string>>;

async function uploading(caller: Caller): Promise<readonly string[]> {
  const answer = await caller.fetch("/v1/files?state=uploading");
  const { items } = (await answer.json()) as { items: readonly { id: string }[] };
  return items.map(({ id }) => `/v1/uploads/${id}`);
}

/** Begins an upload whose body stays away but for some bytes; returns its address, which only this test knows. */
async function beginCreation(caller: Caller, headers: Headers): Promise<readonly [RawRequest, string]> {
  const before = await uploading(caller);
  const all = {
    authorization: `Bearer ${caller.token}`,
    "content-length": String(TEXT.byteLength),
    ...headers,
  };
  const request = await openRequest(new URL("/v1/uploads", stack.url), "POST", all);
  await request.write(TEXT.subarray(0, 400));
  const fresh = async () => (await uploading(caller)).filter((location) => !before.includes(location));
  await expect.poll(fresh, { interval: 20, timeout: 10_000 }).toHaveLength(1);
  return [request, (await fresh())[0] ?? ""];
}

async function cutCreation(caller: Caller, headers: Headers): Promise<string> {
  const [request, location] = await beginCreation(caller, headers);
  await request.cut();
  return location;
}

/** Waits until an upload is gone, without asking for it. */
async function waitUntilGone(caller: Caller, location: string): Promise<void> {
  await expect.poll(() => uploading(caller), { interval: 50, timeout: 20_000 }).not.toContain(location);
}

test.each(WITH_BODY)(
  "%s: an upload whose address nobody knows ends, and frees what it holds",
  async (_protocol, headers) => {
    const caller = await newCaller({ stack });
    const location = await cutCreation(caller, headers);
    expect((await quotaOf(caller)).reservedBytes).toBeGreaterThan(0);
    await waitUntilGone(caller, location);
    expect(await quotaOf(caller)).toMatchObject({ reservedBytes: 0, usedBytes: 0, fileCount: 0 });
    expect((await caller.fetch(location, { method: "HEAD", headers: TUS })).status).toBe(410);
  },
);

test.each(WITH_BODY)("%s: one that somebody asks for lives on", async (_protocol, headers) => {
  const caller = await newCaller({ stack });
  const asked = await cutCreation(caller, headers);
  expect(await headOffset(caller, asked)).toBe(400);
  const [held, superseded] = await beginCreation(caller, headers);
  expect(await headOffset(caller, superseded)).toBe(400);
  await held.cut();
  await waitUntilGone(caller, await cutCreation(caller, headers));
  for (const location of [asked, superseded]) {
    expect((await append(caller, location, 400, TEXT.subarray(400, 500))).status).toBe(204);
  }
});

test.each(WITH_BODY)(
  "%s: one whose creation was answered lives on, also if an append to it is cut",
  async (_protocol, headers) => {
    const caller = await newCaller({ stack });
    const answer = await caller.fetch("/v1/uploads", {
      method: "POST",
      headers,
      body: TEXT.subarray(0, 400),
    });
    expect(answer.status).toBe(201);
    const appended = await createUpload(caller, TEXT.byteLength);
    const request = await openRequest(new URL(appended, stack.url), "PATCH", {
      ...APPEND,
      authorization: `Bearer ${caller.token}`,
      "upload-offset": "0",
      "content-length": String(TEXT.byteLength),
    });
    await request.write(TEXT.subarray(0, 400));
    await request.cut();
    await waitUntilGone(caller, await cutCreation(caller, headers));
    const living = [answer.headers.get("location"), appended];
    expect(new Set(await uploading(caller))).toEqual(new Set(living));
  },
);

test.each(WITH_BODY)(
  "%s: one by a grant lives on, which its holder can ask for",
  async (_protocol, headers) => {
    const backend = await newCaller({ stack, role: "service" });
    const grant = await mint({}, backend);
    const granted = await cutCreation(backend, { ...headers, authorization: `Bearer ${grant.token}` });
    await waitUntilGone(backend, await cutCreation(backend, headers));
    expect(await uploading(backend)).toEqual([granted]);
    const again = await asHolder(backend, grant.token, "/v1/uploads", {
      method: "POST",
      headers,
      body: TEXT,
    });
    expect(again.status).toBe(201);
    expect(again.headers.get("upload-offset")).toBe(String(TEXT.byteLength));
  },
);

test("tus-js-client with four cuts of a creation leaves one file and nothing else", async () => {
  const caller = await newCaller({ stack });
  const bytes = textOf(10 * MIB);
  const proxy = await startCuttingProxy(new URL(stack.url), [2 * MIB, 5 * MIB, 12 * MIB, 20 * MIB]);
  try {
    await new Promise<void>((resolve, reject) => {
      new tus.Upload(bytes, {
        endpoint: `${proxy.url}/v1/uploads`,
        headers: { Authorization: `Bearer ${caller.token}` },
        metadata: NOTES,
        uploadDataDuringCreation: true,
        retryDelays: [0, 0, 0, 0, 0, 0],
        onError: reject,
        onSuccess: () => resolve(),
      }).start();
    });
    expect(proxy.cuts).toBe(4);
  } finally {
    await proxy.close();
  }
  const quota = async () => {
    const { usedBytes, reservedBytes, fileCount } = await quotaOf(caller);
    return { usedBytes, reservedBytes, fileCount };
  };
  const onlyTheFile = { usedBytes: bytes.byteLength, reservedBytes: 0, fileCount: 1 };
  await expect.poll(quota, { interval: 50, timeout: 20_000 }).toEqual(onlyTheFile);
  expect(await uploading(caller)).toEqual([]);
});
