import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Role, TenantId, UserId } from "#contract/ids.ts";
import { makeApiDocs } from "./api-docs/make.ts";
import { findFreePort } from "./dev/ports.ts";
import { startStack } from "./dev/stack.ts";
import { signToken } from "./dev/token.ts";

/** Writes docs/storage-api.md, by a stack of its own. */

const FILE = new URL("../docs/storage-api.md", import.meta.url);
const HEALTHY_WITHIN_MS = 120_000;
const TENANT = TenantId.parse("api-docs");

async function main(): Promise<void> {
  const stateDirectory = await mkdtemp(join(tmpdir(), "causeway-api-docs-"));
  const stack = await startStack({
    port: await findFreePort(),
    stateDirectory,
    withDemo: false,
    onLog: () => {},
  });
  try {
    await stack.waitUntilHealthy(HEALTHY_WITHIN_MS);
    const tokenOf = (userId: string, role: Role) =>
      signToken(
        { tenantId: TENANT, userId: UserId.parse(userId), role },
        { secret: stack.secrets.jwtSecret, ttlSeconds: 600 },
      );
    const tokens = {
      member: await tokenOf("ann", "member"),
      colleague: await tokenOf("bob", "member"),
      admin: await tokenOf("eve", "admin"),
      service: await tokenOf("crm", "service"),
    };
    await writeFile(FILE, await makeApiDocs({ url: stack.url, tokens }, TENANT));
  } finally {
    await stack.stop();
    await rm(stateDirectory, { recursive: true, force: true });
  }
}

await main();
