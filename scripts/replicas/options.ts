import { parseArgs } from "node:util";
import { z } from "zod";
import { TenantId, UserId } from "#contract/ids.ts";
import { createReplicaTargets } from "../../processor/replicate/replica-config.ts";
import type { ReplicaTarget } from "../../processor/replicate/target.ts";
import { readLocalSettings } from "../dev/replicas/local-settings.ts";
import { readOrCreateSecrets, stateDirectory } from "../dev/state.ts";
import { keptTokenSettings } from "../dev/token-settings.ts";
import { signToken } from "../dev/token.ts";
import type { Api } from "./api.ts";

export const USAGE = `npm run replicas -- backfill|verify|repair|drill --tenant TENANT [--url URL] [--token TOKEN]
  backfill          has copies made that are lacking, and waits until they are stored
  verify            reads copies back and compares their SHA-256
  repair            verifies, and makes again what is wrong: copies of the primary, the primary of copies
  drill             as if the primary were gone: what could be had from copies alone, and how fast
  --target NAME     only this target           --sample 0.1     only a part of the versions, by chance
  --primary         verify the primary too     --rate 20        MiB a second at most
  --out FILE        what was found, a line each; goes on where a file ends
  --against FILE    verify what an earlier --out says, without the records
  --dry-run         change nothing             --json           the summary as JSON
The token is an admin's of the tenant (CAUSEWAY_TOKEN does too). REPLICAS, REPLICA_… and S3_… are the processor's. Without
all these it is about the local stack that CAUSEWAY_REPLICAS=all npm start runs.
Ends with 0 when all is well, 1 when something isn't, 2 when it wasn't called rightly.`;

const Options = z.object({
  command: z.enum(["backfill", "verify", "repair", "drill"], "Which of backfill, verify, repair, drill?"),
  tenant: TenantId,
  target: z.string().optional(),
  sample: z.coerce.number().gt(0).max(1).default(1),
  rate: z.coerce.number().gt(0).default(Number.POSITIVE_INFINITY),
  primary: z.boolean().default(false),
  "dry-run": z.boolean().default(false),
  json: z.boolean().default(false),
  out: z.string().optional(),
  against: z.string().optional(),
});

export type ReplicaOptions = z.infer<typeof Options> & {
  readonly api: Api;
  readonly targets: readonly ReplicaTarget[];
  /** With the primary's settings. */
  readonly env: NodeJS.ProcessEnv;
};

const LOCAL_TOKEN_SECONDS = 12 * 3600;

/** Throws a sentence for people. */
export async function readOptions(
  args: readonly string[],
  given: NodeJS.ProcessEnv,
): Promise<ReplicaOptions> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...{
        tenant: text,
        url: text,
        token: text,
        target: text,
        sample: text,
        rate: text,
        out: text,
        against: text,
      },
      ...{ primary: flag, "dry-run": flag, json: flag },
    },
  });
  const parsed = Options.safeParse({ ...values, command: positionals[0] });
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const local = readLocalSettings(stateDirectory(given));
  const env = given["REPLICAS"] ? given : { ...given, ...local?.env };
  const url = values.url ?? local?.url;
  if (url === undefined)
    throw new Error("--url is missing: where the worker is, unless a stack with replicas runs beside.");
  const token =
    values.token ?? given["CAUSEWAY_TOKEN"] ?? (await signLocalToken(parsed.data.tenant, url, given));
  return { ...parsed.data, api: { url, token }, targets: await chooseTargets(env, parsed.data.target), env };
}

async function chooseTargets(
  env: NodeJS.ProcessEnv,
  only: string | undefined,
): Promise<readonly ReplicaTarget[]> {
  const configured = await createReplicaTargets(env);
  if (!configured.ok) throw new Error(configured.problems.join("\n"));
  const targets = configured.targets.filter(({ name }) => only === undefined || name === only);
  if (targets.length === 0) throw new Error("No such target is configured: REPLICAS names them.");
  return targets;
}

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** An admin's, by the local stack's own secret: sent nowhere but to this machine. */
async function signLocalToken(tenantId: TenantId, url: string, env: NodeJS.ProcessEnv): Promise<string> {
  if (!LOOPBACK_HOSTS.has(new URL(url).hostname))
    throw new Error("--token is missing (or CAUSEWAY_TOKEN): only the local stack's tokens are signed here.");
  const directory = stateDirectory(env);
  const { jwtSecret } = readOrCreateSecrets(directory);
  const identity = { tenantId, userId: UserId.parse("replicas"), role: "admin" as const };
  return signToken(identity, {
    ...{ secret: jwtSecret, ttlSeconds: LOCAL_TOKEN_SECONDS },
    settings: keptTokenSettings(directory),
  });
}
