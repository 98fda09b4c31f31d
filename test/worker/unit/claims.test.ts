import { expect, test } from "vitest";
import { parseConfig } from "../../../worker/config.ts";
import { claimsFor, identityOf } from "../../../worker/middleware/claims.ts";

const SECRET = "a-secret-of-forty-characters-or-so-000000";
const GOOD = { tenant: "acme", sub: "ann", role: "member" };

function configOf(change: Readonly<Record<string, string>>) {
  const secrets = { JWT_SECRET: SECRET, REPORT_SECRET: SECRET, SIGNED_URL_KEYS: `a:${SECRET}` };
  return parseConfig({ DB: {}, JWT_ISSUER: "us", JWT_AUDIENCE: "us", ...secrets, ...change }).jwt;
}

/** The tenant that is read where `pointer` points, or what is refused. */
function tenantAt(pointer: string, claims: Readonly<Record<string, unknown>>): string {
  try {
    return identityOf({ ...GOOD, ...claims }, configOf({ JWT_TENANT_CLAIM: pointer })).tenantId;
  } catch {
    return "refused";
  }
}

test("an identity is the three claims, by their own names", () => {
  expect(identityOf(GOOD, configOf({}))).toEqual({ tenantId: "acme", userId: "ann", role: "member" });
});

test.each([
  ["/app_metadata/tenant_id", { app_metadata: { tenant_id: "t1" } }, "t1"],
  ["/orgs/1/id", { orgs: [{ id: "t1" }, { id: "t2" }] }, "t2"],
  ["/a~1b", { "a/b": "t1" }, "t1"],
  ["https://crm.example/tenant", { "https://crm.example/tenant": "t1" }, "t1"],
  ["app.tenant", { "app.tenant": "t1", app: { tenant: "t2" } }, "t1"],
  ["/app_metadata/tenant_id", { app_metadata: null }, "refused"],
  ["/app_metadata/tenant_id", { app_metadata: "t1" }, "refused"],
  ["/app_metadata", { app_metadata: { tenant_id: "t1" } }, "refused"],
  ["/orgs/2/id", { orgs: [] }, "refused"],
  ["/orgs/length", { orgs: [1] }, "refused"],
  // What JavaScript's objects have by themselves: a name that would do for a tenant.
  ["/constructor/name", {}, "refused"],
  ["/app/constructor/name", { app: {} }, "refused"],
  ["/sub/constructor/name", {}, "refused"],
])("the tenant at %s of %j is %s", (pointer, claims, expected) => {
  expect(tenantAt(pointer, claims)).toBe(expected);
});

test("claims are made as they are read", () => {
  const names = {
    JWT_TENANT_CLAIM: "/app_metadata/tenant_id",
    JWT_USER_CLAIM: "/app_metadata/user",
    JWT_ROLE_CLAIM: "https://crm.example/role",
  };
  const config = configOf({ ...names, JWT_ROLES: "crm-user:member,crm-admin:admin" });
  const member = { ...identityOf(GOOD, configOf({})), role: "member" } as const;
  expect(claimsFor(member, config)).toEqual({
    app_metadata: { tenant_id: "acme", user: "ann" },
    "https://crm.example/role": "crm-user",
  });
  expect(identityOf(claimsFor(member, config), config)).toEqual(member);
  expect(() => claimsFor({ ...member, role: "service" }, config)).toThrow("no name for the role service");
});
