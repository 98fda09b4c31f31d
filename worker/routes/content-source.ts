import type { TenantId } from "#contract/ids.ts";
import { residenceOf } from "#contract/jurisdictions.ts";
import type { RepairJob } from "#contract/repairs.ts";
import type { AppContext } from "../app-env.ts";
import { Circuits } from "../delivery/circuit.ts";
import type { ContentSource } from "../delivery/content.ts";
import { primaryContent } from "../delivery/content.ts";
import { failoverContent } from "../delivery/failover.ts";
import { replicaContent } from "../delivery/replica-content.ts";
import { RepairRequests } from "../services/repair-requests.ts";
import { findTargets } from "../services/replica-reads.ts";
import type { JobBindings } from "../storage/jobs.ts";
import { sendJob } from "../storage/jobs.ts";
import { objectStoreOf } from "../storage/store.ts";

const circuits = new Circuits();
const repairs = new RepairRequests();

/** Where a request's bytes come from: the primary store, or a replica where there are some to read from. */
export function contentSource(c: AppContext, tenantId: TenantId): ContentSource {
  const primary = primaryContent(objectStoreOf(c.env));
  const { replicaReads } = c.get("config");
  const bindings: JobBindings = c.env;
  const residence = residenceOf(bindings, tenantId);
  const url = residence === undefined ? replicaReads?.url : replicaReads?.byJurisdiction[residence];
  if (replicaReads === undefined || url === undefined) return primary;
  const send = (job: RepairJob) => sendJob(c.env, job);
  return failoverContent({
    primary,
    circuit: circuits.of(c.env, `primary:${residence}`),
    slowAfterMs: replicaReads.slowAfterMs,
    replicas: replicaContent({
      gateway: { url, secret: replicaReads.secret },
      findTargets: (object) => findTargets(c.env, object),
      circuitOf: (target) => circuits.of(c.env, `target:${residence}:${target}`),
    }),
    repair: (object, target) =>
      c.executionCtx.waitUntil(
        repairs.request(send, object, target, Date.now()).catch((error: unknown) => {
          console.error({ event: "repair-not-queued", fileId: object.fileId, error: String(error) });
        }),
      ),
  });
}
