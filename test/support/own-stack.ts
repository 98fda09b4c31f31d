import { rm } from "node:fs/promises";
import { findFreePort } from "../../scripts/dev/ports.ts";
import { startStack } from "../../scripts/dev/stack.ts";
import type { Secrets } from "../../scripts/dev/state.ts";
import { RUNTIME_STATE } from "../../scripts/dev/workers.ts";
import type { StackAccess } from "./api.ts";
import { newStateDirectory } from "./migrated-state.ts";

/** Tests wait for verdicts; a processor that asked all the time would take a tenth of a core. */
export const ASKED_AT_ONCE = { processorEnv: { POLL_MAX_SECONDS: "0.05" }, pullHoldMs: 800 };

/** A whole stack of a test's own, for what can be seen and changed in its database only. */
export interface OwnStack extends StackAccess {
  readonly secrets: Secrets;
  /** Rows of a query on the records. */
  query(
    sql: string,
    ...values: readonly (string | number | null)[]
  ): Promise<readonly Record<string, unknown>[]>;
  stop(): Promise<void>;
}

/** @param makeVars settings of the worker, which may name its port */
export async function startOwnStack(
  makeVars: (port: number) => Readonly<Record<string, string>> = () => ({}),
): Promise<OwnStack> {
  const stateDirectory = await newStateDirectory("causeway-own-", RUNTIME_STATE);
  const port = await findFreePort();
  const options = {
    port,
    stateDirectory,
    workerVars: makeVars(port),
    withDemo: false,
    ...ASKED_AT_ONCE,
    onLog: () => {},
  };
  const stack = await startStack(options);
  await stack.waitUntilHealthy(60_000);
  const database = stack.workers.openDatabase("DB");
  return {
    url: stack.url,
    jwtSecret: stack.secrets.jwtSecret,
    secrets: stack.secrets,
    async query(sql, ...values) {
      const { results } = await database
        .prepare(sql)
        .bind(...values)
        .all();
      return results;
    },
    async stop() {
      await stack.stop();
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}
