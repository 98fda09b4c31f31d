/** Counts the rows that a file's records write, over D1 as miniflare has it, and prints them as JSON. */
import { TenantId } from "#contract/ids.ts";
import { COMPATIBILITY } from "../../scripts/dev/compatibility.ts";
import { miniflare } from "../../scripts/dev/from-wrangler.ts";
import { applyMigrations } from "../../scripts/dev/migrations.ts";
import { countWrittenRows } from "./written-rows.ts";

const runtime = new miniflare.Miniflare(
  miniflare.convertV4MiniflareOptions({
    modules: true,
    script: "export default {}",
    compatibilityDate: COMPATIBILITY.compatibilityDate,
    d1Databases: ["DB"],
  }),
);
const database = await runtime.getD1Database("DB");
await applyMigrations(database);
console.log(JSON.stringify(await countWrittenRows(database, TenantId.parse("bench"))));
await runtime.dispose();
