import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Refusal } from "./export/api.ts";
import type { Summary } from "./export/objects.ts";
import { fetchObjects, reasonOf } from "./export/objects.ts";
import { fetchRecords } from "./export/records.ts";

/**
 * Exports all that a tenant has: DIR/records.ndjson, and each clean version as DIR/objects/<file>/<version>/<name>. May be
 * interrupted at any moment and run again: it goes on where it was. Runs on Node alone, so that it can be taken to
 * wherever the export is to be.
 */
const USAGE = `npm run export -- --url URL --tenant TENANT --out DIR [--token TOKEN]
The token is an admin's or a service's of the tenant, or an operator's; CAUSEWAY_TOKEN in the environment does too.
Ends with 0 when all of it is there, 3 when all is that is given out (what isn't clean isn't), 1 when something
couldn't be had, 2 when it wasn't called rightly.`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      url: { type: "string" },
      tenant: { type: "string" },
      out: { type: "string" },
      token: { type: "string" },
    },
  });
  const { url, tenant, out, token = process.env["CAUSEWAY_TOKEN"] } = values;
  if (url === undefined || tenant === undefined || out === undefined || token === undefined) {
    throw new Error("Something is missing.");
  }
  return { api: { url: new URL(url).href, token }, tenant, out };
}

function printSummary({ files, versions, fetched, present, bytes, withheld, failures }: Summary): void {
  console.log(`${files} files with ${versions} versions.`);
  console.log(`${fetched} fetched now (${bytes} bytes), ${present} there from before.`);
  for (const [reason, count] of withheld) console.log(`${count} not given out: ${reason}.`);
  for (const failure of failures) console.error(`Couldn't be had: ${failure}.`);
}

function exitCodeOf({ failures, withheld }: Summary): number {
  if (failures.length > 0) return 1;
  // What was never stored isn't missing.
  return [...withheld.keys()].some((reason) => reason !== "uploading") ? 3 : 0;
}

async function run({ api, tenant, out }: ReturnType<typeof readOptions>): Promise<number> {
  await mkdir(out, { recursive: true });
  const records = join(out, "records.ndjson");
  await fetchRecords(api, tenant, records);
  const summary = await fetchObjects(api, records, out);
  printSummary(summary);
  return exitCodeOf(summary);
}

function explain(error: unknown): string {
  const isExpired = error instanceof Refusal && error.status === 401;
  return isExpired ? `${reasonOf(error)}: run it again with a new token.` : reasonOf(error);
}

let options: ReturnType<typeof readOptions>;
try {
  options = readOptions();
} catch (error) {
  console.error(`${reasonOf(error)}\nUsage: ${USAGE}`);
  process.exit(2);
}
try {
  process.exitCode = await run(options);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
