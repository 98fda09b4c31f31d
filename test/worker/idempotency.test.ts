import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { creationHeaders, newCaller, readProblem, uploadFile, waitForVerdict } from "../support/api.ts";

/** What makes something by POST, heeding an `Idempotency-Key`, and where what was made is listed. */

interface Making {
  readonly caller: Caller;
  readonly path: string;
  readonly init: RequestInit;
  /** How many there are now; undefined of what isn't listed anywhere. */
  count?(): Promise<number>;
}

function json(body: object): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

async function countAt(caller: Caller, path: string): Promise<number> {
  const { items } = (await (await caller.fetch(path)).json()) as { items: readonly unknown[] };
  return items.length;
}

const PLAIN = { "content-type": "text/plain", "content-disposition": 'attachment; filename="a.txt"' };

async function plainUpload(): Promise<Making> {
  const caller = await newCaller();
  const init = { method: "POST", headers: PLAIN, body: "hello" };
  return { caller, path: "/v1/files", init, count: () => countAt(caller, "/v1/files?state=clean") };
}

async function resumableUpload(headers: Readonly<Record<string, string>>): Promise<Making> {
  const caller = await newCaller();
  const init = { method: "POST", headers };
  return { caller, path: "/v1/uploads", init, count: () => countAt(caller, "/v1/files?state=uploading") };
}

const MAKINGS: Readonly<Record<string, () => Promise<Making>>> = {
  "a plain upload": plainUpload,
  "an upload by tus": () => resumableUpload(creationHeaders(5)),
  "an upload by the IETF's protocol": () => resumableUpload({ ...PLAIN, "upload-complete": "?0" }),
  async "an upload grant"() {
    const caller = await newCaller({ role: "service" });
    return { caller, path: "/v1/upload-grants", init: json({ userId: "ann" }) };
  },
  async "an entity grant"() {
    const caller = await newCaller({ role: "service" });
    const grant = { userId: "ann", entityType: "contact", entityId: "1", allow: ["list"] };
    return { caller, path: "/v1/entity-grants", init: json(grant) };
  },
  async "a share link"() {
    const caller = await newCaller();
    const fileId = await uploadFile(caller, Buffer.from("hello"));
    await waitForVerdict(caller, fileId);
    const path = `/v1/files/${fileId}/share-links`;
    return { caller, path, init: json({}), count: () => countAt(caller, path) };
  },
  async "a rescan"() {
    const caller = await newCaller({ role: "admin" });
    const path = "/v1/admin/rescans";
    return { caller, path, init: json({}), count: () => countAt(caller, path) };
  },
};

function send({ caller, path, init }: Making, key: string): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("idempotency-key", key);
  return caller.fetch(path, { ...init, headers });
}

async function toldBy(answer: Response) {
  const { status, headers } = answer;
  return [status, headers.get("location"), headers.get("content-type"), await answer.text()];
}

test.each(Object.keys(MAKINGS))(
  "%s that is asked for again is made once, and answered as before",
  async (name) => {
    const making = await MAKINGS[name]?.();
    if (making === undefined) throw new Error(name);
    const key = `"${randomUUID()}"`;
    const first = await toldBy(await send(making, key));
    expect(Number(first[0])).toBeLessThan(300);
    expect(await toldBy(await send(making, key))).toEqual(first);
    // With another key it is another thing.
    expect(await toldBy(await send(making, `"${randomUUID()}"`))).not.toEqual(first);
    if (making.count !== undefined) await expect.poll(making.count, { timeout: 10_000 }).toBe(2);
  },
);

test("a key is of one user and one operation", async () => {
  const ann = await plainUpload();
  const bob = { ...ann, caller: await newCaller({ tenantId: ann.caller.tenantId, user: "bob" }) };
  const backend = await newCaller({ tenantId: ann.caller.tenantId, role: "service" });
  const key = randomUUID();
  const [first, others] = [await toldBy(await send(ann, key)), await toldBy(await send(bob, key))];
  expect(others[0]).toBe(201);
  expect(others[1]).not.toBe(first[1]);
  const grant = { caller: backend, path: "/v1/upload-grants", init: json({}) };
  expect((await send(grant, key)).status).toBe(201);
});

test("a form is the same though its boundary isn't, and another role is another caller", async () => {
  const ann = await newCaller();
  const form = () => {
    const data = new FormData();
    data.append("file", new Blob(["hello"], { type: "text/plain" }), "a.txt");
    return { caller: ann, path: "/v1/files", init: { method: "POST", body: data } };
  };
  const key = randomUUID();
  const first = await toldBy(await send(form(), key));
  expect(first[0]).toBe(201);
  expect(await toldBy(await send(form(), key))).toEqual(first);

  const grant = { path: "/v1/upload-grants", init: json({ userId: "ann" }) };
  const backend = await newCaller({ tenantId: ann.tenantId, role: "service" });
  expect((await send({ ...grant, caller: backend }, key)).status).toBe(201);
  expect(await readProblem(await send({ ...grant, caller: ann }, key))).toMatchObject({
    code: "ROLE_REQUIRED",
  });
});

test("a key is heeded of whatever is taken as JSON; a body that is none leaves it free", async () => {
  const caller = await newCaller({ role: "service" });
  const path = "/v1/upload-grants";
  const headers = { "content-type": "application/vnd.crm+json" };
  const making = { caller, path, init: { method: "POST", headers, body: "{}" } };
  const key = randomUUID();
  const first = await toldBy(await send(making, key));
  expect(first[0]).toBe(201);
  expect(await toldBy(await send(making, key))).toEqual(first);

  const none = { method: "POST", headers: { "content-type": "text/plain" }, body: "x".repeat(100_000) };
  const another = randomUUID();
  expect((await send({ caller, path, init: none }, another)).ok).toBe(false);
  expect((await send(making, another)).status).toBe(201);
});

test("of many at once one is done: the others are answered as it was, or that it is under way", async () => {
  const making = await plainUpload();
  const key = randomUUID();
  const answers = await Promise.all(Array.from({ length: 5 }, () => send(making, key)));
  const made = answers.filter(({ status }) => status === 201);
  const locations = new Set(made.map(({ headers }) => headers.get("location")));
  expect(locations.size).toBe(1);
  for (const answer of answers.filter(({ status }) => status !== 201)) {
    expect(answer.headers.get("retry-after")).toBe("2");
    expect(await readProblem(answer)).toMatchObject({ status: 409, code: "IDEMPOTENCY_KEY_IN_USE" });
  }
});

test("what was refused has made nothing, and its key is free; a key without a request of its own isn't taken", async () => {
  const making = await plainUpload();
  const key = randomUUID();
  const refused = { ...making, init: { ...making.init, headers: { ...PLAIN, "upload-complete": "?0" } } };
  expect((await send(refused, key)).status).toBe(400);
  expect((await send(making, key)).status).toBe(201);
  expect(await readProblem(await send({ ...making, path: "/v1/files?tags=a" }, key))).toMatchObject({
    status: 422,
    code: "IDEMPOTENCY_KEY_REUSED",
  });
  expect(await readProblem(await send(making, "a\\b"))).toMatchObject({ code: "IDEMPOTENCY_KEY_INVALID" });
});
