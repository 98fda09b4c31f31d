import { expect, test } from "vitest";
import { cleanFile, codeOf, createLink } from "../support/sharing.ts";

async function linkOfFile(): Promise<string> {
  const { ann, fileId } = await cleanFile();
  return (await createLink(ann, fileId)).url;
}

test("the page may load nothing, run nothing, be framed by nobody, be kept and found nowhere", async () => {
  const url = await linkOfFile();
  const { origin } = new URL(url);
  const [first, second] = [await fetch(url), await fetch(url)];
  const headers = Object.fromEntries(first.headers);
  const nonce = /'nonce-([^']{24})'/.exec(headers["content-security-policy"] ?? "")?.[1] ?? "";
  expect(headers).toMatchObject({
    "content-type": "text/html; charset=utf-8",
    "content-security-policy":
      `default-src 'none'; style-src 'nonce-${nonce}'; img-src ${origin}; form-action 'self' ${origin}; ` +
      "base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    vary: "Accept",
  });
  const page = await first.text();
  expect(page).toContain(`<style nonce="${nonce}">`);
  expect(page).not.toMatch(/<script|javascript:|\son\w+=/i);
  expect(await second.text()).not.toContain(nonce);
});

test("a refusal has the same headers as the page", async () => {
  const url = await linkOfFile();
  const [good, bad] = [await fetch(url), await fetch(`${url}x`)];
  expect([good.status, bad.status]).toEqual([200, 404]);
  for (const name of ["cache-control", "referrer-policy", "x-robots-tag", "x-content-type-options", "vary"]) {
    expect(bad.headers.get(name), name).toBe(good.headers.get(name));
  }
  expect(bad.headers.get("content-security-policy")).toContain("default-src 'none'");
});

const HTML = "text/html; charset=utf-8";
const JSON_TYPE = "application/json";

test.each([
  [undefined, HTML],
  ["*/*", HTML],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", HTML],
  ["text/html, application/json;q=0.9", HTML],
  ["application/json, text/plain, */*", JSON_TYPE],
  ["application/json", JSON_TYPE],
  ["image/png", HTML],
])("who accepts %s gets %s", async (accept, type) => {
  const url = await linkOfFile();
  // Without the field Node's fetch sends the one that means anything.
  const answer = await fetch(url, { headers: accept === undefined ? {} : { accept } });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, type]);
});

test("who posts JSON and accepts anything gets JSON", async () => {
  const headers = { "content-type": JSON_TYPE };
  const answer = await fetch(await linkOfFile(), { method: "POST", headers, body: "{}" });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, JSON_TYPE]);
});

test.each(["PUT", "PATCH", "DELETE"])("%s changes nothing and is nowhere", async (method) => {
  const url = await linkOfFile();
  expect(await codeOf(await fetch(url, { method }))).toBe("404 ROUTE_NOT_FOUND");
  expect((await fetch(url)).status).toBe(200);
});

test("sharing is documented", async () => {
  const { paths } = (await (await fetch(new URL("/openapi.json", await linkOfFile()))).json()) as {
    paths: Readonly<Record<string, object>>;
  };
  const documented = Object.entries(paths).filter(([path]) => /share|^\/s\//.test(path));
  expect(documented.map(([path, methods]) => [path, Object.keys(methods)])).toEqual([
    ["/s/{token}", ["get", "post"]],
    ["/v1/files/{id}/shares", ["get"]],
    ["/v1/files/{id}/shares/{userId}", ["put", "delete"]],
    ["/v1/files/{id}/share-links", ["get", "post"]],
    ["/v1/files/{id}/share-links/{linkId}", ["delete"]],
  ]);
});
