import { createLog } from "../../processor/log.ts";
import { createMetrics } from "../../processor/metrics.ts";
import type { ReadableTarget } from "../../processor/replicate/read-gateway.ts";
import { ReadGateway } from "../../processor/replicate/read-gateway.ts";

export const REPLICA_READS_SECRET = "replica-reads-replica-reads-replica-reads";

/** The processor's gateway over targets of a test's own. */
export interface RunningGateway {
  readonly url: string;
  /** Reads that ended in a way, of a target, for a reason. */
  countReads(labels: Readonly<Record<"target" | "reason" | "outcome", string>>): Promise<number>;
  stop(): Promise<void>;
}

export async function startReplicaGateway(
  targets: readonly ReadableTarget[],
  port = 0,
): Promise<RunningGateway> {
  const metrics = createMetrics();
  const gateway = new ReadGateway({
    ...{ targets, metrics, log: createLog("silent") },
    secret: REPLICA_READS_SECRET,
  });
  const { server, port: usedPort } = await gateway.serve({ host: "127.0.0.1", port });
  return {
    url: `http://127.0.0.1:${usedPort}`,
    async countReads(wanted) {
      const { values } = await metrics.replicaReads.get();
      const isWanted = (labels: Partial<Record<string, string | number>>) =>
        Object.entries(wanted).every(([name, value]) => labels[name] === value);
      return values.find(({ labels }) => isWanted(labels))?.value ?? 0;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Copies in memory, by their keys: what a target is to whoever reads from it. */
export function memoryTarget(name: string, copies: ReadonlyMap<string, Buffer>): ReadableTarget {
  return {
    name,
    async read(key, range) {
      const whole = copies.get(key);
      if (whole === undefined) return undefined;
      const bytes = range === undefined ? whole : whole.subarray(range.offset, range.offset + range.length);
      return { sizeBytes: whole.byteLength, body: new Blob([new Uint8Array(bytes)]).stream() };
    },
  };
}
