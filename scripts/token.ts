import { parseArgs } from "node:util";
import { z } from "zod";
import { Role, TenantId, UserId } from "#contract/ids.ts";
import { hasSecrets, isStackRunning, readOrCreateSecrets, stateDirectory } from "./dev/state.ts";
import { keptTokenSettings } from "./dev/token-settings.ts";
import { signToken } from "./dev/token.ts";

const USAGE = "npm run --silent token -- --tenant acme --user ann [--role member|admin|service] [--ttl 3600]";

const Options = z.object({
  tenant: TenantId,
  user: UserId,
  role: Role.default("member"),
  ttl: z.coerce.number().int().min(1).default(3600),
});

function readOptions() {
  const { values } = parseArgs({
    options: {
      tenant: { type: "string" },
      user: { type: "string" },
      role: { type: "string" },
      ttl: { type: "string" },
    },
  });
  return Options.parse(values);
}

/** On standard error: standard output is the token alone. */
function warnOfNoStack(directory: string): void {
  if (isStackRunning(directory)) return;
  const found = hasSecrets(directory) ? "No stack is running on" : "No stack has been started on";
  console.error(
    `${found} ${directory}: the token is good for one that is started there. CAUSEWAY_STATE says which state it is for.`,
  );
}

try {
  const { tenant, user, role, ttl } = readOptions();
  const directory = stateDirectory(process.env);
  warnOfNoStack(directory);
  const { jwtSecret } = readOrCreateSecrets(directory);
  const settings = keptTokenSettings(directory);
  const identity = { tenantId: tenant, userId: user, role };
  console.log(await signToken(identity, { secret: jwtSecret, ttlSeconds: ttl, settings }));
} catch (error) {
  if (error instanceof z.ZodError) console.error(`${z.prettifyError(error)}\nUsage: ${USAGE}`);
  else console.error(error instanceof Error ? error.message : String(error));
  process.exit(2);
}
