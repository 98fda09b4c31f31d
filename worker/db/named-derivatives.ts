import { getTableColumns, sql } from "drizzle-orm";
import type { DerivativeName } from "#contract/derivatives.ts";
import { derivatives, missingDerivatives } from "./schema/processing.ts";

/**
 * Derivatives that every file of a kind has, as records and lists show them. Images of single pages, of which a file may
 * have a thousand, are in the same tables and looked up one by one (page-images.ts).
 */
export type DerivativeRow = typeof derivatives.$inferSelect & { readonly name: DerivativeName };
export type MissingDerivativeRow = typeof missingDerivatives.$inferSelect & { readonly name: DerivativeName };

export const NAMED_DERIVATIVE = {
  ...getTableColumns(derivatives),
  name: sql<DerivativeName>`${derivatives.name}`.as("named"),
};
export const NAMED_MISSING = {
  ...getTableColumns(missingDerivatives),
  name: sql<DerivativeName>`${missingDerivatives.name}`.as("named"),
};

/** The condition of a row that it is about no single page. */
export function isNamed({ name }: typeof derivatives | typeof missingDerivatives) {
  return sql`${name} NOT LIKE 'page-%'`;
}
