import { request } from "node:http";
import { expect, test } from "vitest";
import { sharedStack } from "../support/api.ts";

/** The local stack's tokens for its own page: no other page, and no other name of this machine, is given one. */

const TOKEN_REQUEST = JSON.stringify({ tenant: "acme", user: "ann", role: "admin" });

/** Asks as a browser would, with whatever `Host` and `Origin`. */
function ask(headers: Readonly<Record<string, string>>, body = TOKEN_REQUEST): Promise<string> {
  return new Promise((resolve, reject) => {
    const url = new URL("/v1/dev/token", sharedStack().url);
    const sent = { "content-type": "application/json", ...headers };
    const asking = request(url, { method: "POST", headers: sent }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      answer.on("end", () => {
        const { token, code } = JSON.parse(text) as { token?: string; code?: string };
        resolve(token === undefined ? `${answer.statusCode} ${code}` : "a token");
      });
    });
    asking.on("error", reject).end(body);
  });
}

function portOf(url: string): string {
  return new URL(url).port;
}

test.each<[string, (port: string) => Record<string, string>]>([
  ["a program", () => ({})],
  ["a program, by another name of loopback", (port) => ({ host: `localhost:${port}` })],
  ["a program, by IPv6", (port) => ({ host: `[::1]:${port}` })],
  [
    "the stack's own page",
    (port) => ({ origin: `http://127.0.0.1:${port}`, "sec-fetch-site": "same-origin" }),
  ],
  ["JSON with its charset", () => ({ "content-type": "application/json; charset=utf-8" })],
])("is given: to %s", async (_who, headersOf) => {
  expect(await ask(headersOf(portOf(sharedStack().url)))).toBe("a token");
});

test.each<[string, (port: string) => Record<string, string>]>([
  ["another site's page", () => ({ origin: "https://evil.example", "sec-fetch-site": "cross-site" })],
  ["another site's page, of a browser that says less", () => ({ origin: "https://evil.example" })],
  ["a page that hides where it is from", () => ({ origin: "null" })],
  ["another port's page", (port) => ({ origin: `http://127.0.0.1:${Number(port) - 1}` })],
  ["another port's page, which is the same site", () => ({ "sec-fetch-site": "same-site" })],
  ["another site's page, without an origin", () => ({ "sec-fetch-site": "cross-site" })],
  ["a name that leads here", () => ({ host: "evil.example" })],
  ["its page", (port) => ({ host: `evil.example:${port}`, origin: `http://evil.example:${port}` })],
  ["a name that begins as ours", () => ({ host: "127.0.0.1.evil.example" })],
  ["another name of loopback than the page's", (port) => ({ origin: `http://localhost:${port}` })],
])("isn't given, and isn't there: to %s", async (_who, headersOf) => {
  expect(await ask({})).toBe("a token");
  expect(await ask(headersOf(portOf(sharedStack().url)))).toBe("404 ROUTE_NOT_FOUND");
});

test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", ""])(
  "isn't given for what any page may send without asking: %j",
  async (type) => {
    expect(await ask({ "content-type": type })).toBe("400 REQUEST_INVALID");
  },
);
