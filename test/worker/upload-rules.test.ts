import { beforeEach, expect, test } from "vitest";
import type { TenantSettings } from "#contract/tenants.ts";
import { UploadRulesResponse } from "#contract/upload-rules.ts";
import type { Caller } from "../support/api.ts";
import { creationHeaders, newCaller, newTenantId, readProblem } from "../support/api.ts";
import { advertised, postUpload } from "../support/tus.ts";
import { mint } from "../support/upload-grants.ts";

const MIB = 1024 * 1024;

let admin: Caller;
let ann: Caller;

beforeEach(async () => {
  const tenantId = newTenantId();
  admin = await newCaller({ tenantId, user: "root", role: "admin" });
  ann = await newCaller({ tenantId });
});

/** Before the tenant was asked about anything else, since settings are remembered for a while. */
async function changeSettings(settings: TenantSettings): Promise<void> {
  const answer = await admin.fetch(`/v1/admin/tenants/${admin.tenantId}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ settings }),
  });
  expect(answer.status).toBe(200);
}

async function rulesFor(caller: Pick<Caller, "fetch">): Promise<UploadRulesResponse> {
  const answer = await caller.fetch("/v1/upload-rules");
  expect(answer.status).toBe(200);
  return UploadRulesResponse.strict().parse(await answer.json());
}

async function ruleAgainst(filename: string, filetype?: string): Promise<string> {
  const metadata = filetype === undefined ? { filename } : { filename, filetype };
  const problem = await readProblem(await postUpload(ann, creationHeaders(1, metadata)));
  expect(problem).toMatchObject({ status: 415, code: "FILE_TYPE_REFUSED" });
  return `${problem.detail} ${problem.errors?.map(({ message }) => message).join()}`;
}

test.each([
  ["a.html", undefined, [".html", "extension-blocked"]],
  ["a.html", "application/octet-stream", [".html", "extension-blocked"]],
  ["a.xyz", undefined, [".xyz", "no declared type", "type-unknown"]],
  ["a.xyz", "application/octet-stream", [".xyz", "application/octet-stream", "type-unknown"]],
  ["data", "application/octet-stream", ["application/octet-stream", "no ending", "type-unknown"]],
  ["data", undefined, ["no declared type", "no ending", "type-unknown"]],
])("%s as %s is refused by the rule that is against it", async (filename, filetype, said) => {
  const told = await ruleAgainst(filename, filetype);
  for (const text of said) expect(told).toContain(text);
});

test("what is published is what is taken and refused", async () => {
  const { types, blockedExtensions, maxBytes } = await rulesFor(ann);
  for (const { type, fileClass, extensions } of types) {
    const filename = `a.${extensions[0]}`;
    const taken = await postUpload(ann, creationHeaders(maxBytes[fileClass], { filename, filetype: type }));
    expect(taken.status, type).toBe(201);
    await ann.fetch(taken.headers.get("location") ?? "", { method: "DELETE" });
  }
  const [last = { type: "", fileClass: "other", extensions: [] }] = types;
  const tooLarge = creationHeaders(maxBytes[last.fileClass] + 1, {
    filename: `a.${last.extensions[0]}`,
    filetype: last.type,
  });
  expect(await readProblem(await postUpload(ann, tooLarge))).toMatchObject({ code: "FILE_TOO_LARGE" });
  expect(blockedExtensions).toEqual(expect.arrayContaining(["exe", "html"]));
  expect(await ruleAgainst(`a.${blockedExtensions.at(-1)}`, "text/plain")).toContain("extension-blocked");
});

test("a tenant's own settings are in its rules", async () => {
  await changeSettings({
    extraTypes: [{ type: "model/step", fileClass: "document", extensions: ["stp", "step"] }],
    refusedTypes: ["application/zip"],
    blockedExtensions: ["log"],
    maxBytes: { image: 5 * MIB },
  });
  const { types, blockedExtensions, maxBytes } = await rulesFor(ann);
  const ofName = (name: string) => types.find(({ type }) => type === name);
  expect(ofName("model/step")).toEqual({
    ...{ mimeType: "model/step", type: "model/step" },
    fileClass: "document",
    extensions: ["stp", "step"],
  });
  expect(ofName("application/zip")).toBeUndefined();
  expect(ofName("text/plain")?.extensions).toContain("txt");
  expect(ofName("text/plain")?.extensions).not.toContain("log");
  expect(blockedExtensions).toContain("log");
  expect(maxBytes).toMatchObject({ image: 5 * MIB, document: 100 * MIB });
});

test("no limit is over that of all uploads, which tus's clients are told", async () => {
  await changeSettings({ maxBytes: { video: 10_000 * MIB } });
  const { maxBytes } = await rulesFor(ann);
  expect(await advertised("tus-max-size")).toEqual([String(maxBytes.video)]);
});

test("what is left of the quota is what an upload leaves of it", async () => {
  const before = await rulesFor(ann);
  expect((await postUpload(ann, creationHeaders(1_000_000))).status).toBe(201);
  const { availableBytes } = await rulesFor(ann);
  expect(before.availableBytes - availableBytes).toBe(1_000_000);
});

test("a grant's holder is told what of it the grant allows", async () => {
  const backend = await newCaller({ tenantId: ann.tenantId, user: "crm", role: "service" });
  const grant = await mint({ types: ["image/*", "text/csv"], maxBytes: MIB }, backend);
  const { types, maxBytes, availableBytes } = await rulesFor(grant);
  expect(types.map(({ type }) => type)).toEqual(expect.arrayContaining(["image/png", "text/csv"]));
  expect(types.filter(({ type }) => !/^image\/|^text\/csv$/.test(type))).toEqual([]);
  expect(new Set(Object.values(maxBytes))).toEqual(new Set([MIB]));
  expect(availableBytes).toBe((await rulesFor(ann)).availableBytes);
  expect((await rulesFor(await mint({}, backend))).types).toEqual((await rulesFor(ann)).types);
});

test("it may be kept for a minute, by whoever asked alone", async () => {
  const { headers } = await ann.fetch("/v1/upload-rules");
  expect(headers.get("cache-control")).toBe("private, max-age=60");
  expect(headers.get("vary")).toBe("Authorization");
});
