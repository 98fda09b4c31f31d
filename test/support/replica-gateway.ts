import { createLog } from "../../processor/log.ts";
import { createMetrics } from "../../processor/metrics.ts";
import type { ReadableTarget } from "../../processor/replicate/checked-reads.ts";
import type { CopyToRead } from "../../processor/replicate/proofs.ts";
import { type GatewayParts, ReadGateway } from "../../processor/replicate/read-gateway.ts";
import { sha256Of } from "./sha256.ts";

export const REPLICA_READS_SECRET = "replica-reads-replica-reads-replica-reads";

/** The processor's gateway over targets of a test's own. */
export interface RunningGateway {
  readonly url: string;
  /** Copies that were found to be wrong, in that order. */
  readonly mismatches: readonly CopyToRead[];
  /** Reads that ended in a way, of a target, for a reason. */
  countReads(labels: Readonly<Record<"target" | "reason" | "outcome", string>>): Promise<number>;
  stop(): Promise<void>;
}

export async function startReplicaGateway(
  targets: readonly ReadableTarget[],
  {
    port = 0,
    ...change
  }: Partial<Pick<GatewayParts, "tellFault" | "pace">> & { readonly port?: number } = {},
): Promise<RunningGateway> {
  const mismatches: CopyToRead[] = [];
  const metrics = createMetrics();
  const gateway = new ReadGateway({
    ...{ targets, metrics, log: createLog("silent") },
    secret: REPLICA_READS_SECRET,
    tellFault: (copy, fault) => {
      if (fault === "mismatch") mismatches.push(copy);
    },
    ...change,
  });
  const { server, port: usedPort } = await gateway.serve({ host: "127.0.0.1", port });
  return {
    mismatches,
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
      return {
        sizeBytes: whole.byteLength,
        etag: sha256Of(whole),
        body: new Blob([new Uint8Array(bytes)]).stream(),
      };
    },
  };
}
