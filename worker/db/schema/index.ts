/** All tables: for drizzle, and for what writes migrations. Queries import those that they are about. */
export * from "./audit.ts";
export * from "./erasures.ts";
export * from "./files.ts";
export * from "./idempotency.ts";
export * from "./processing.ts";
export * from "./replicas.ts";
export * from "./rescans.ts";
export * from "./sharing.ts";
export * from "./tenants.ts";
