import { expect, test } from "vitest";
import { MAX_ACTIVE_SHARE_LINKS } from "#contract/sharing.ts";
import type { Caller } from "../support/api.ts";
import { newCaller, readProblem } from "../support/api.ts";
import { uploadClean } from "../support/file-states.ts";
import { codeOf, createLink, sendJson, take } from "../support/sharing.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

/** Hashing keeps everybody waiting: how often it can be had. A tenth of what is deployed, as wrangler.toml has it. */
const LIMITS = { userPasswords: 1, tenantPasswords: 2 };
const TENANT_GUESSES = 60;
const LINK_GUESSES = 10;

const worker = useWorkerAlone({}, 0.1);

/** An admin of a new tenant, or of one that is there: whoever may share all of its files. */
function someone(like?: Caller, user = "ann"): Promise<Caller> {
  const tenant = like === undefined ? {} : { tenantId: like.tenantId };
  return newCaller({ ...tenant, user, role: "admin", stack: worker });
}

function link(caller: Caller, fileId: string, body: Readonly<Record<string, unknown>>): Promise<Response> {
  return sendJson(caller, "POST", `/v1/files/${fileId}/share-links`, body);
}

const withPassword = (caller: Caller, fileId: string) => link(caller, fileId, { password: "korrekt pferd" });

/** Periods begin with the clock, so one may end on the way: twice the limit and one more is too much for any two. */
async function untilLimited(limit: number, ask: (count: number) => Promise<Response>): Promise<Response> {
  for (let count = 0; count <= 2 * limit; count += 1) {
    const answer = await ask(count);
    if (answer.status === 429) return answer;
    expect(answer.status, await answer.text()).toBe(201);
  }
  throw new Error("Nothing was too much.");
}

test("a user has so many passwords hashed, and all of a tenant together so many", async () => {
  const ann = await someone();
  const fileId = await uploadClean(worker, ann);
  const limited = await untilLimited(LIMITS.userPasswords, () => withPassword(ann, fileId));
  expect(limited.headers.get("retry-after")).toBe("10");
  expect(await readProblem(limited)).toMatchObject({ status: 429, code: "RATE_LIMITED" });
  // What ann was refused wasn't taken from the tenant.
  expect((await withPassword(await someone(ann, "bob"), fileId)).status).toBe(201);
  await untilLimited(LIMITS.tenantPasswords, async (count) =>
    withPassword(await someone(ann, `user-${count}`), fileId),
  );
  const other = await someone();
  expect((await withPassword(other, await uploadClean(worker, other))).status).toBe(201);
});

test("a link without a password counts for nothing", async () => {
  const ann = await someone();
  const fileId = await uploadClean(worker, ann);
  await untilLimited(LIMITS.userPasswords, () => withPassword(ann, fileId));
  expect((await link(ann, fileId, {})).status).toBe(201);
});

test("nothing is hashed for a link that there is no room for, nor for one that ends in the past", async () => {
  const ann = await someone();
  const full = await uploadClean(worker, ann);
  await worker.query(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO share_links SELECT ?, printf('%010d', i) || ?, ?, 'ann', 1, NULL, NULL, NULL, NULL, 0 FROM n`,
    ...[MAX_ACTIVE_SHARE_LINKS, ann.tenantId, ann.tenantId, full],
  );
  for (let asked = 0; asked < 3; asked += 1) {
    expect(await codeOf(await withPassword(ann, full))).toBe("409 SHARE_LIMIT_REACHED");
    const past = { password: "korrekt pferd", expiresAt: "2020-01-01T00:00:00Z" };
    expect(await codeOf(await link(ann, full, past))).toBe("400 REQUEST_INVALID");
  }
  expect((await withPassword(ann, await uploadClean(worker, ann))).status).toBe(201);
});

/** Of no password, and by parameters that cost nothing. */
const CHEAP_HASH = "scrypt$16$1$1$TmFDbA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

test("guesses at all of a tenant's links together are limited, however many links there are", async () => {
  const ann = await someone();
  const fileId = await uploadClean(worker, ann);
  const links = 1 + Math.ceil((2 * TENANT_GUESSES) / LINK_GUESSES);
  const urls = await Promise.all(
    Array.from({ length: links }, async () => (await createLink(ann, fileId)).url),
  );
  await worker.query("UPDATE share_links SET password_hash = ? WHERE file_id = ?", CHEAP_HASH, fileId);
  // No link is guessed at more often than any may be.
  let told = "";
  for (let guess = 0; guess <= 2 * TENANT_GUESSES && !told.startsWith("429"); guess += 1) {
    told = await codeOf(await take(urls[guess % links] ?? "", { password: `falsch ${guess}` }));
  }
  expect(told).toBe("429 RATE_LIMITED");
});
