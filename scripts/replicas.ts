import { USAGE } from "./replicas/options.ts";
import { runReplicas } from "./replicas/run.ts";

/**
 * Makes, compares and mends copies at replica targets, for one tenant. May be interrupted at any moment and run again: with
 * `--out` it goes on where it was. Targets and primary are read with the processor's own settings, out of the environment.
 */
try {
  process.exitCode = await runReplicas(process.argv.slice(2), process.env);
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  console.error(`${reason}\nUsage: ${USAGE}`);
  process.exitCode = 2;
}
