import type { Job } from "#contract/jobs.ts";
import type { JurisdictionVariables, Residence } from "#contract/jurisdictions.ts";
import { jurisdictionsOf, nameIn, residenceOf } from "#contract/jurisdictions.ts";
import { withDeadline } from "../deadline.ts";

/** Beside it JOBS_EU and the like, for the processors of a jurisdiction. */
export interface JobBindings extends JurisdictionVariables {
  readonly JOBS: Queue<unknown>;
}

const SEND_DEADLINE_MS = 10_000;

/** The queue to the processors of a jurisdiction, or to those of all others. Throws where it has none. */
function queueIn(env: JobBindings, residence: Residence): Queue<unknown> {
  if (residence === undefined) return env.JOBS;
  const name = nameIn("JOBS", residence);
  const queue = new Map(Object.entries(env as object as Record<string, Queue<unknown>>)).get(name);
  if (queue === undefined) throw new Error(`There is no binding ${name}.`);
  return queue;
}

/** Where a job is to be done: where its tenant's data has to stay. What is no tenant's is for all processors. */
function residencesOf(env: JobBindings, job: Job): readonly Residence[] {
  return "tenantId" in job ? [residenceOf(env, job.tenantId)] : [undefined, ...jurisdictionsOf(env)];
}

/** Puts a job on the queue to its processors. Throws `SERVICE_UNAVAILABLE` when a queue doesn't answer in 10 s. */
export async function sendJob(env: JobBindings, job: Job): Promise<void> {
  for (const residence of residencesOf(env, job)) {
    const sent = queueIn(env, residence).send(job, { contentType: "json" });
    await withDeadline(sent, SEND_DEADLINE_MS, "SERVICE_UNAVAILABLE");
  }
}

/** Cloudflare, Queues, "Limits": messages in one batch, of 256 KB in all. A job is half a kilobyte. */
const BATCH_JOBS = 100;

/** Puts any number of jobs on their queues, and so more than one call's where they are many. Throws as `sendJob`. */
export async function sendJobs(env: JobBindings, jobs: readonly Job[]): Promise<void> {
  const placed = jobs.flatMap((job) => residencesOf(env, job).map((residence) => ({ residence, job })));
  for (const [residence, ofPlace] of Map.groupBy(placed, (each) => each.residence)) {
    const own = ofPlace.map(({ job }) => job);
    await sendBatches(queueIn(env, residence), own);
  }
}

async function sendBatches(queue: Queue<unknown>, jobs: readonly Job[]): Promise<void> {
  for (let first = 0; first < jobs.length; first += BATCH_JOBS) {
    const batch = jobs.slice(first, first + BATCH_JOBS);
    const messages = batch.map((body) => ({ body, contentType: "json" }) as const);
    await withDeadline(queue.sendBatch(messages), SEND_DEADLINE_MS, "SERVICE_UNAVAILABLE");
  }
}
