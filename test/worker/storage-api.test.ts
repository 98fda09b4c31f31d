import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { makeApiDocs } from "../../scripts/api-docs/make.ts";
import { newCaller, newTenantId, sharedStack } from "../support/api.ts";

const FILE = new URL("../../docs/storage-api.md", import.meta.url);

test("docs/storage-api.md is what the API says of itself, and what it answers today (npm run api-docs)", async () => {
  const tenantId = newTenantId();
  const tokenOf = async (user: string, role: "member" | "admin" | "service") =>
    (await newCaller({ tenantId, user, role })).token;
  const tokens = {
    member: await tokenOf("ann", "member"),
    colleague: await tokenOf("bob", "member"),
    admin: await tokenOf("eve", "admin"),
    service: await tokenOf("crm", "service"),
  };
  const made = await makeApiDocs({ url: sharedStack().url, tokens }, tenantId);
  expect(made).toBe(await readFile(FILE, "utf8"));
});
