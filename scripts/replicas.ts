import { backfill } from "./replicas/backfill.ts";
import { drill } from "./replicas/drill.ts";
import { readOptions, USAGE } from "./replicas/options.ts";
import { repair } from "./replicas/repair.ts";
import { verify } from "./replicas/verify.ts";

/**
 * Makes, compares and mends copies at replica targets, for one tenant. May be interrupted at any moment and run again: with
 * `--out` it goes on where it was. Targets and primary are read with the processor's own settings, out of the environment.
 */
const COMMANDS = { backfill, verify, repair, drill };

async function main(): Promise<number> {
  const options = await readOptions(process.argv.slice(2));
  return COMMANDS[options.command](options);
}

try {
  process.exitCode = await main();
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  console.error(`${reason}\nUsage: ${USAGE}`);
  process.exitCode = 2;
}
