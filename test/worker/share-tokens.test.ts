import { expect, inject, test } from "vitest";
import { ShareLinkId, TenantId } from "#contract/ids.ts";
import { signReport } from "#contract/reports.ts";
import { sign } from "../../worker/delivery/hmac.ts";
import { signShareToken } from "../../worker/delivery/share-token.ts";
import { newCaller, readProblem, signUrl, uploadFile, waitForVerdict } from "../support/api.ts";
import { cleanFile, codeOf, createLink, listLinks, look, seen, take, taken } from "../support/sharing.ts";
import { mint } from "../support/upload-grants.ts";

const MISSING_LINK = "0".repeat(26);

async function linkOfFile() {
  const { ann, fileId } = await cleanFile();
  const { id, url } = await createLink(ann, fileId);
  const token = url.slice(url.lastIndexOf("/") + 1);
  return { ann, fileId, id, url, token, keys: [{ kid: "local", secret: inject("signedUrlSecret") }] };
}

type Linked = Awaited<ReturnType<typeof linkOfFile>>;

function at(url: string, token: string): string {
  return url.replace(/[^/]*$/, token);
}

test("a token put together as the worker does leads to the file", async () => {
  const { ann, id, url, keys } = await linkOfFile();
  const link = { tenantId: ann.tenantId, linkId: ShareLinkId.parse(id) };
  expect((await look(at(url, await signShareToken(link, keys)))).status).toBe(200);
});

/** Each a text in the place of the token, and each is a link that never was. */
const FORGERIES: readonly (readonly [string, (link: Linked) => string | Promise<string>])[] = [
  ["nothing", () => ""],
  ["any text", () => "hello"],
  ["a token and more", ({ token }) => `${token}.x`],
  ["a token and a path", ({ token }) => `${token}/x`],
  ["what can't be decoded", ({ token }) => `${token}%ff`],
  ["a token without its signature", ({ token }) => token.replace(/\.[^.]*$/, "")],
  ["another signature", ({ token }) => token.replace(/[^.]*$/, "A".repeat(43))],
  ["another tenant", ({ token }) => token.replace(/^[^.]*/, "victim")],
  ["another link", ({ token, id }) => token.replace(id, MISSING_LINK)],
  ["another key's id", ({ token }) => token.replace(".local.", ".other.")],
  [
    "a genuine token of a link that isn't there",
    ({ ann, keys }) =>
      signShareToken({ tenantId: ann.tenantId, linkId: ShareLinkId.parse(MISSING_LINK) }, keys),
  ],
  [
    "a genuine token of another tenant's link",
    ({ id, keys }) =>
      signShareToken({ tenantId: TenantId.parse("other"), linkId: ShareLinkId.parse(id) }, keys),
  ],
  [
    "one signed with the sessions' secret",
    ({ ann, id }) =>
      signShareToken({ tenantId: ann.tenantId, linkId: ShareLinkId.parse(id) }, [
        { kid: "local", secret: inject("jwtSecret") },
      ]),
  ],
  [
    "one signed as something else",
    async ({ ann, id, keys: [key] }) => {
      const fields = ["causeway-signed-url", ann.tenantId, id, "local"];
      return [ann.tenantId, id, "local", await sign(fields, key ?? { kid: "", secret: "" })].join(".");
    },
  ],
  ["a session", ({ ann }) => ann.token],
  ["an upload grant", async () => (await mint()).token],
  [
    "a signed URL's signature",
    async ({ ann, fileId, token }) => {
      const signature = new URL(await signUrl(ann, fileId)).searchParams.get("sig") ?? "";
      return token.replace(/[^.]*$/, signature);
    },
  ],
  [
    "a report's signature",
    async ({ token }) => {
      const body = token.replace(/\.[^.]*$/, "");
      return `${body}.${await signReport(inject("reportSecret"), body, Date.now())}`;
    },
  ],
];

test.each(FORGERIES)("%s in the place of a token is a link that never was", async (_what, makeToken) => {
  const link = await linkOfFile();
  expect((await look(link.url)).status).toBe(200);
  const forged = at(link.url, await makeToken(link));
  const { requestId: _id, ...problem } = await readProblem(await look(forged));
  expect(problem).toEqual({
    type: "urn:causeway:error:share-link-not-found",
    title: "No such share link",
    status: 404,
    code: "SHARE_LINK_NOT_FOUND",
  });
  const page = await fetch(forged);
  expect([page.status, await page.text()]).toEqual([404, expect.stringContaining("There is nothing here")]);
  expect(await listLinks(link.ann, link.fileId)).toMatchObject([{ downloads: 0 }]);
});

test.each([
  ["files", "/v1/files", "GET"],
  ["the file's shares", "/v1/files/ID/shares", "GET"],
  ["uploads", "/v1/uploads", "POST"],
  ["signed URLs", "/v1/signed-urls", "POST"],
  ["upload grants", "/v1/upload-grants", "POST"],
])("a share token is no session for %s", async (_what, path, method) => {
  const { ann, fileId, token } = await linkOfFile();
  const headers = { authorization: `Bearer ${token}` };
  const answer = await ann.fetch(path.replace("ID", fileId), { method, headers });
  expect(await codeOf(answer)).toBe("401 TOKEN_INVALID");
});

test("a share token is no report's signature", async () => {
  const { url, token } = await linkOfFile();
  const headers = { "causeway-signature": token };
  const answer = await fetch(new URL("/v1/internal/reports", url), { method: "POST", headers, body: "{}" });
  expect(await codeOf(answer)).toBe("403 SIGNATURE_INVALID");
});

test.each([
  ["without its link", (query: URLSearchParams) => query.delete("link")],
  ["with another link", (query: URLSearchParams) => query.set("link", MISSING_LINK)],
  ["with a link that can't be one", (query: URLSearchParams) => query.set("link", "x")],
  ["with an empty link", (query: URLSearchParams) => query.set("link", "")],
  ["with another variant", (query: URLSearchParams) => query.set("variant", "thumbnail")],
  [
    "with the link's own signature",
    (query: URLSearchParams, token: string) => query.set("sig", token.slice(-43)),
  ],
])("a download's URL %s opens nothing", async (_what, change) => {
  const { url, token } = await linkOfFile();
  const changed = new URL((await taken(url)).url);
  expect((await fetch(changed)).status).toBe(200);
  change(changed.searchParams, token);
  expect(await codeOf(await fetch(changed))).toBe("403 SIGNATURE_INVALID");
});

test("a signed URL that was made without a link takes none", async () => {
  const { ann, fileId, id } = await linkOfFile();
  const signed = new URL(await signUrl(ann, fileId));
  expect((await fetch(signed)).status).toBe(200);
  signed.searchParams.set("link", id);
  expect(await codeOf(await fetch(signed))).toBe("403 SIGNATURE_INVALID");
});

test("a link of one file gives no other", async () => {
  const { ann, url } = await linkOfFile();
  const other = await uploadFile(ann, Buffer.from("other"));
  await waitForVerdict(ann, other);
  const changed = new URL((await taken(url)).url);
  changed.pathname = changed.pathname.replace(/^\/d\/\w+/, `/d/${other}`);
  expect(await codeOf(await fetch(changed))).toBe("403 SIGNATURE_INVALID");
});

test("a link is its tenant's: another with the same user sees nothing of it", async () => {
  const { url, fileId } = await linkOfFile();
  const eve = await newCaller();
  expect(await codeOf(await eve.fetch(`/v1/files/${fileId}/share-links`))).toBe("404 FILE_NOT_FOUND");
  // Whoever looks at the page is nobody, with or without a session.
  const page = await eve.fetch(url, { headers: { accept: "application/json" } });
  expect(await page.json()).toEqual(await seen(url));
  expect((await take(url)).status).toBe(200);
});
