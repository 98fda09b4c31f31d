import { expect, test } from "vitest";
import { TenantId, UserId } from "#contract/ids.ts";
import { signToken } from "../../scripts/dev/token.ts";
import { fileIdOf, getRecord, newCaller, newTenantId, sharedStack, waitForVerdict } from "../support/api.ts";
import { eicar } from "../support/eicar.ts";
import {
  appendAt,
  begin,
  CREATION,
  create,
  expectRefused,
  finishAt,
  limitsIn,
  offsetOf,
  PARTIAL_UPLOAD,
  statusOf,
  uploadWhole,
} from "../support/ietf.ts";
import { expectStored } from "../support/tus.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

const APPEND = { "content-type": PARTIAL_UPLOAD, "upload-offset": "3", "upload-complete": "?1" };
const REQUESTS: readonly (readonly [method: string, init: { headers?: typeof APPEND; body?: string }])[] = [
  ["HEAD", {}],
  ["GET", {}],
  ["PATCH", { headers: APPEND, body: "d" }],
  ["DELETE", {}],
];
const DAY_SECONDS = 86_400;
/** Where uploads end after so short a time that a test can wait for it. */
const stack = useWorkerAlone({ UPLOAD_IDLE_SECONDS: "3" });

test.each(REQUESTS)("ietf 55: %s of an upload needs its owner's token", async (method, init) => {
  const tenantId = newTenantId();
  const owner = await newCaller({ tenantId });
  const location = await begin(owner, {}, "abc");
  const strangers = [
    [await newCaller({ tenantId, user: "bob" }), "another user", 404],
    [await newCaller(), "another tenant", 404],
    [await newCaller({ role: "admin" }), "another tenant's admin", 404],
  ] as const;
  for (const [stranger, who, status] of strangers) {
    const answer = await stranger.fetch(location, { method, ...init });
    expect(answer.status, who).toBe(status);
    expect(answer.headers.get("upload-offset"), who).toBeNull();
    // As of one that there isn't.
    expect(answer.headers.get("upload-complete"), who).toBe("?0");
  }
  for (const authorization of ["", "Bearer x.y.z"]) {
    const headers = { ...init.headers, authorization };
    expect((await owner.fetch(location, { ...init, method, headers })).status).toBe(401);
  }
  expect(await statusOf(owner, location)).toEqual({ offset: "3", complete: "?0", length: null });
  expect((await owner.fetch(location, { method, ...init })).ok).toBe(true);
});

test("ietf 55: so does a creation", async () => {
  const url = new URL("/v1/uploads", sharedStack().url);
  const answer = await fetch(url, { method: "POST", headers: CREATION, body: "abc" });
  await expectRefused(answer, { status: 401, code: "TOKEN_MISSING" });
});

test("ietf 56, 57: addresses are random, say nothing, and never come twice", async () => {
  const caller = await newCaller({ user: "someone" });
  const locations = await Promise.all(Array.from({ length: 40 }, () => begin(caller)));
  expect(new Set(locations).size).toBe(locations.length);
  const letters = new Map<string, number>();
  for (const location of locations) {
    // 130 bits: no time, name or counter, which would show in letters that many addresses share.
    expect(location).toMatch(/^\/v1\/uploads\/[0-9a-hjkmnp-tv-z]{26}$/);
    for (const [index, letter] of fileIdOf(location).split("").entries()) {
      letters.set(`${index}${letter}`, (letters.get(`${index}${letter}`) ?? 0) + 1);
    }
  }
  expect(Math.max(...letters.values())).toBeLessThan(12);
});

test.each(["POST", "PUT"])(
  "ietf 57: an address that was another's can't be begun again by %s",
  async (method) => {
    const caller = await newCaller();
    const location = await begin(caller, {}, "abc");
    await caller.fetch(location, { method: "DELETE" });
    const answer = await caller.fetch(location, { method, headers: CREATION, body: "xyz" });
    await expectRefused(answer, { status: 405, code: "METHOD_NOT_ALLOWED" });
    expect((await caller.fetch(location, { method: "HEAD" })).status).toBe(404);
  },
);

test("ietf 58: whoever may not upload any more can't complete what he began", async () => {
  const { jwtSecret } = sharedStack();
  const tenantId = newTenantId();
  const caller = await newCaller({ tenantId });
  const location = await begin(caller, {}, "abc");
  const identity = {
    tenantId: TenantId.parse(tenantId),
    userId: UserId.parse("ann"),
    role: "member",
  } as const;
  // Past its end by more than the leeway.
  const expired = await signToken(identity, { secret: jwtSecret, ttlSeconds: -120 });
  const headers = { ...APPEND, authorization: `Bearer ${expired}` };
  const answer = await caller.fetch(location, { method: "PATCH", headers, body: "d" });
  await expectRefused(answer, { status: 401, code: "TOKEN_EXPIRED" });
  expect(await statusOf(caller, location)).toEqual({ offset: "3", complete: "?0", length: null });
  expect(await getRecord(caller, fileIdOf(location))).toMatchObject({ state: "uploading" });
});

test("ietf 59: an upload's life is bounded, and told", async () => {
  const answer = await create(await newCaller());
  const { "max-age": maxAge } = limitsIn(answer);
  expect(maxAge).toBeGreaterThan(0);
  expect(maxAge).toBeLessThanOrEqual(6 * DAY_SECONDS);
});

test("ietf 59: it ends by itself, though asked for and appended to all the time; only content prolongs it", async () => {
  const caller = await newCaller({ stack });
  const [idle, fed] = [await begin(caller, {}, "abc"), await begin(caller, {}, "abc")];
  const ageOf = async (location: string) =>
    limitsIn(await caller.fetch(location, { method: "HEAD" }))["max-age"] ?? 0;
  await expect.poll(() => ageOf(fed), { interval: 50, timeout: 5_000 }).toBeLessThanOrEqual(2);
  expect((await appendAt(caller, fed, 3, "d")).status).toBe(204);
  expect(await ageOf(fed)).toBe(3);
  const kept = async () => (await appendAt(caller, idle, 3, null)).status;
  await expect.poll(kept, { interval: 50, timeout: 10_000 }).toBe(410);
  const refusal = { status: 410, code: "UPLOAD_EXPIRED" } as const;
  expect((await caller.fetch(idle, { method: "HEAD" })).status).toBe(410);
  await expectRefused(await caller.fetch(idle), refusal);
  await expectRefused(await finishAt(caller, idle, 3, "d"), refusal);
  await expectRefused(await caller.fetch(idle, { method: "DELETE" }), refusal);
  // Waits for the other's end too: nothing of either is left in the bucket.
  await expect
    .poll(async () => (await appendAt(caller, fed, 4, null)).status, { interval: 50, timeout: 10_000 })
    .toBe(410);
  expect(stack.storedBytes().openMultiparts).toBe(0);
  expect(await stack.objectKeys(`t/${caller.tenantId}/`)).toEqual([]);
});

test("ietf 59: a completed upload is told of beyond its announced end, since that is its file's", async () => {
  const caller = await newCaller({ stack });
  const location = `/v1/uploads/${await uploadWhole(caller, "abc")}`;
  const ageOf = async () => limitsIn(await caller.fetch(location, { method: "HEAD" }))["max-age"];
  await expect.poll(ageOf, { interval: 50, timeout: 5_000 }).toBe(0);
  expect(await offsetOf(caller, location)).toBe(3);
});

test.each([1, 20, 67])(
  "ietf 60: the scanner sees the whole, though it came in pieces of %d bytes",
  async (pieceBytes) => {
    const caller = await newCaller();
    const bytes = eicar();
    const location = await begin(caller);
    for (let offset = 0; offset < bytes.byteLength; offset += pieceBytes) {
      const piece = Buffer.from(bytes.subarray(offset, offset + pieceBytes));
      expect((await appendAt(caller, location, offset, piece)).status).toBe(204);
    }
    expect((await finishAt(caller, location, bytes.byteLength, null)).status).toBe(201);
    const record = await waitForVerdict(caller, fileIdOf(location));
    expect(record).toMatchObject({ state: "infected" });
    expect((await caller.fetch(`/v1/files/${record.id}/content`)).ok).toBe(false);
  },
);

test("ietf 60: what the scanner finds clean is what was sent", async () => {
  const caller = await newCaller();
  const location = await begin(caller, {}, "abc");
  await finishAt(caller, location, 3, "def");
  await expectStored(caller, fileIdOf(location), Buffer.from("abcdef"));
});
