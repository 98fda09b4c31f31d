import { backfill } from "./backfill.ts";
import { drill } from "./drill.ts";
import { readOptions } from "./options.ts";
import { repair } from "./repair.ts";
import { verify } from "./verify.ts";

const COMMANDS = { backfill, verify, repair, drill };

/** Gives the exit code. Throws a sentence for people where it can't begin, or can't go on. */
export async function runReplicas(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const options = await readOptions(args, env);
  try {
    return await COMMANDS[options.command](options);
  } finally {
    for (const target of options.targets) target.close();
  }
}
