import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createReplicaTargets } from "../../../../processor/replicate/replica-config.ts";
import type { ReplicaTarget } from "../../../../processor/replicate/target.ts";
import { startAzurite } from "../../../../scripts/dev/replicas/azurite.ts";
import { startGcsDouble } from "../../../../scripts/dev/replicas/gcs-double/server.ts";
import { startMoto } from "../../../support/moto.ts";
import type { Original } from "./copies.ts";
import { countPartials, countSessions, countUncommitted } from "./leftovers.ts";
import { type MeddlingProxy, startMeddlingProxy } from "./meddling-proxy.ts";

const CHILD = new URL("copying-child.ts", import.meta.url);
const BUCKET = "copies";

/** How a process that copied has ended. */
export interface CopyingEnd {
  readonly signal: NodeJS.Signals | null;
  /** By target; none where it was killed before it knew. */
  readonly states: Readonly<Record<string, string>>;
}

/** One target of each kind, and a process that copies to all of them and is killed. */
export interface KillableCopies {
  readonly targets: readonly ReplicaTarget[];
  /** Bytes that each target was sent, of all copies so far. */
  sentBytes(): Readonly<Record<string, number>>;
  /**
   * Copies in a process of its own, and returns when that has ended and the targets have answered all that it had asked.
   * @param killAt after how many bytes, at all targets together, it is killed
   */
  copy(original: Original, killAt?: number): Promise<CopyingEnd>;
  /** What copies that were killed have left at each target: sessions, blocks of nothing, partial files. */
  leftovers(): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

export async function startKillableCopies(): Promise<KillableCopies> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-killed-copies-"));
  const files = join(directory, "files");
  await mkdir(files);
  const [moto, azurite, gcs] = await Promise.all([
    startMoto(BUCKET),
    startAzurite(join(directory, "azure"), BUCKET, () => {}),
    startGcsDouble({ directory: join(directory, "gcs"), bucket: BUCKET }),
  ]);
  let onSent = (): void => {};
  const startProxy = (url: string): Promise<MeddlingProxy> => startMeddlingProxy(url, () => onSent());
  const azureOrigin = new URL(azurite.blobUrl).origin;
  const proxies = {
    s3: await startProxy(moto.endpoint),
    azure: await startProxy(azureOrigin),
    gcs: await startProxy(gcs.url),
  };
  const env = {
    REPLICAS: "s3,azure,gcs,directory",
    ...{ REPLICA_S3_KIND: "s3", REPLICA_S3_BUCKET: BUCKET, REPLICA_S3_ENDPOINT: proxies.s3.url },
    ...{ REPLICA_S3_ACCESS_KEY_ID: "any", REPLICA_S3_SECRET_ACCESS_KEY: "any" },
    ...{ REPLICA_AZURE_KIND: "azure", REPLICA_AZURE_CONTAINER: BUCKET },
    REPLICA_AZURE_CONNECTION_STRING: azurite.connectionString.replace(azureOrigin, proxies.azure.url),
    ...{ REPLICA_GCS_KIND: "gcs", REPLICA_GCS_BUCKET: BUCKET, REPLICA_GCS_API_ENDPOINT: proxies.gcs.url },
    ...{ REPLICA_DIRECTORY_KIND: "directory", REPLICA_DIRECTORY_PATH: files },
  };
  const created = await createReplicaTargets(env);
  if (!created.ok) throw new Error(created.problems.join("\n"));
  let directoryBytes = 0;
  const sentBytes = (): Record<string, number> => ({
    s3: proxies.s3.sentBytes,
    azure: proxies.azure.sentBytes,
    gcs: proxies.gcs.sentBytes,
    directory: directoryBytes,
  });
  const total = (): number => Object.values(sentBytes()).reduce((sum, bytes) => sum + bytes, 0);
  return {
    ...{ targets: created.targets, sentBytes },
    async copy({ bytes, facts }, killAt = Number.POSITIVE_INFINITY) {
      const path = join(directory, "original");
      await writeFile(path, bytes);
      const before = total();
      let states = {};
      const child = fork(CHILD, [path, JSON.stringify(facts)], { env: { ...process.env, ...env } });
      onSent = () => {
        if (total() - before >= killAt) child.kill("SIGKILL");
      };
      child.on("message", (told: { givenBytes?: number; states?: [string, string][] }) => {
        directoryBytes += told.givenBytes ?? 0;
        if (told.states !== undefined) states = Object.fromEntries(told.states);
        onSent();
      });
      const [, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
      onSent = () => {};
      await Promise.all(Object.values(proxies).map((proxy) => proxy.idle()));
      return { signal, states };
    },
    leftovers: async () => ({
      s3: await moto.countUploads(),
      azure: await countUncommitted(azurite.connectionString, BUCKET),
      gcs: await countSessions(gcs, BUCKET),
      directory: await countPartials(files),
    }),
    async stop() {
      for (const target of created.targets) target.close();
      await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
      await Promise.all([moto.stop(), azurite.stop(), gcs.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
