import { expect, test } from "vitest";
import type { ErrorCode } from "#contract/errors.ts";
import { AppError } from "#contract/errors.ts";
import type { Role } from "#contract/ids.ts";
import { Identity, TenantId } from "#contract/ids.ts";
import type { TenantAction } from "../../../worker/services/tenant-permissions.ts";
import {
  requireOperator,
  requireTenantAllowed,
  TENANT_ACTIONS,
} from "../../../worker/services/tenant-permissions.ts";

const OPERATORS = TenantId.parse("operator");

function caller(tenantId: string, role: Role): Identity {
  return Identity.parse({ tenantId, userId: "ann", role });
}

function codeOf(ask: () => unknown): ErrorCode | "allowed" {
  try {
    ask();
    return "allowed";
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

const ALL = TENANT_ACTIONS;
const OF_ADMIN = ["view", "configure", "recount", "audit", "export", "erase"] as const;
const OF_SERVICE = ["view", "configure", "audit", "export"] as const;

const TABLE: readonly (readonly [Identity, string, readonly TenantAction[], ErrorCode])[] = [
  [caller("operator", "admin"), "acme", ALL, "ROLE_REQUIRED"],
  [caller("operator", "admin"), "operator", ALL, "ROLE_REQUIRED"],
  [caller("operator", "service"), "operator", OF_SERVICE, "ROLE_REQUIRED"],
  [caller("operator", "service"), "acme", [], "TENANT_NOT_FOUND"],
  [caller("acme", "admin"), "acme", OF_ADMIN, "ROLE_REQUIRED"],
  [caller("acme", "service"), "acme", OF_SERVICE, "ROLE_REQUIRED"],
  [caller("acme", "member"), "acme", [], "ROLE_REQUIRED"],
  [caller("acme", "admin"), "other", [], "TENANT_NOT_FOUND"],
  [caller("acme", "service"), "other", [], "TENANT_NOT_FOUND"],
  [caller("acme", "member"), "other", [], "ROLE_REQUIRED"],
  [caller("acme", "admin"), "no tenant", [], "TENANT_NOT_FOUND"],
];

test.each(
  TABLE.flatMap(([who, named, allowed, refused]) =>
    ALL.map((action) => ({ who, named, allowed, refused, action })),
  ),
)("$who.role of $who.tenantId, $action of $named", ({ who, named, allowed, refused, action }) => {
  const code = codeOf(() => requireTenantAllowed(who, named, action, OPERATORS));
  // A role that could never do it is told that, whatever tenant it names.
  const ofRole: readonly string[] =
    who.role === "admin" ? OF_ADMIN : who.role === "service" ? OF_SERVICE : [];
  const expected = refused === "TENANT_NOT_FOUND" && !ofRole.includes(action) ? "ROLE_REQUIRED" : refused;
  expect(code).toBe(allowed.includes(action) ? "allowed" : expected);
});

test("without a tenant of operators there are none", () => {
  expect(codeOf(() => requireOperator(caller("operator", "admin"), OPERATORS))).toBe("allowed");
  expect(codeOf(() => requireOperator(caller("operator", "admin"), undefined))).toBe("ROLE_REQUIRED");
  expect(codeOf(() => requireOperator(caller("operator", "service"), OPERATORS))).toBe("ROLE_REQUIRED");
  expect(codeOf(() => requireOperator(caller("acme", "admin"), OPERATORS))).toBe("ROLE_REQUIRED");
  expect(codeOf(() => requireTenantAllowed(caller("operator", "admin"), "acme", "view", undefined))).toBe(
    "TENANT_NOT_FOUND",
  );
});
