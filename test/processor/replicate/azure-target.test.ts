import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AzureTarget } from "../../../processor/replicate/targets/azure/azure-target.ts";
import { startAzurite } from "../../../scripts/dev/replicas/azurite.ts";
import { useStarted } from "../../support/started.ts";
import { copyTo, hashOf, newOriginal, PART_BYTES, soon, stateOf } from "./support/copies.ts";
import { countUncommitted } from "./support/leftovers.ts";
import { startMeddlingProxy } from "./support/meddling-proxy.ts";
import { testTarget } from "./support/target-suite.ts";

const CONTAINER = "copies";

const azurite = useStarted(async () => {
  const directory = await mkdtemp(join(tmpdir(), "causeway-azure-"));
  const started = await startAzurite(directory, CONTAINER, () => {});
  const { origin } = new URL(started.blobUrl);
  const proxy = await startMeddlingProxy(origin);
  const { connectionString } = started;
  return {
    connectionString,
    proxy,
    create: (container = CONTAINER, given = connectionString) =>
      new AzureTarget({
        name: "azure",
        container,
        access: { by: "connection-string", connectionString: given },
      }),
    throughProxy: connectionString.replace(origin, proxy.url),
    async stop() {
      await proxy.stop();
      await started.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

testTarget({
  create: () => azurite.create(),
  countLeftovers: () => countUncommitted(azurite.connectionString, CONTAINER),
});

test.each([PART_BYTES, PART_BYTES + 1])(
  "a bit that turns on the way is found: %d bytes",
  async (sizeBytes) => {
    const original = newOriginal(sizeBytes);
    const target = azurite.create(CONTAINER, azurite.throughProxy);
    azurite.proxy.meddle = ({ method, url }) => ({
      kind: method === "PUT" && url?.includes("comp=blocklist") !== true ? "flip" : "pass",
    });
    expect(stateOf(await copyTo(target, original))).toBe("mismatch");
    azurite.proxy.meddle = () => ({ kind: "pass" });
    expect(await target.find(original.facts.key, soon())).toBeUndefined();
    expect(stateOf(await copyTo(target, original))).toBe("stored");
    expect(await hashOf(target, original.facts.key)).toBe(original.facts.sha256);
  },
);

test("a container that isn't there, and a wrong key, are told as that", async () => {
  const key = Buffer.from("wrong").toString("base64");
  const wrongKey = azurite.connectionString.replace(/AccountKey=[^;]+/, `AccountKey=${key}`);
  for (const sizeBytes of [1, PART_BYTES + 1]) {
    expect(stateOf(await copyTo(azurite.create("nobodys"), newOriginal(sizeBytes)))).toBe("missing-bucket");
    expect(stateOf(await copyTo(azurite.create(CONTAINER, wrongKey), newOriginal(sizeBytes)))).toBe(
      "credentials",
    );
  }
});
