import type { Job } from "#contract/jobs.ts";
import { withDeadline } from "../deadline.ts";

const SEND_DEADLINE_MS = 10_000;

/** Puts a job on the queue to the processor. Throws `SERVICE_UNAVAILABLE` when the queue doesn't answer in 10 s. */
export async function sendJob(queue: Queue<unknown>, job: Job): Promise<void> {
  await withDeadline(queue.send(job, { contentType: "json" }), SEND_DEADLINE_MS, "SERVICE_UNAVAILABLE");
}

/** Cloudflare, Queues, "Limits": messages in one batch, of 256 KB in all. A job is half a kilobyte. */
const BATCH_JOBS = 100;

/** Puts any number of jobs on the queue, and so more than one call's where they are many. Throws as `sendJob`. */
export async function sendJobs(queue: Queue<unknown>, jobs: readonly Job[]): Promise<void> {
  for (let first = 0; first < jobs.length; first += BATCH_JOBS) {
    const batch = jobs.slice(first, first + BATCH_JOBS);
    const messages = batch.map((body) => ({ body, contentType: "json" }) as const);
    await withDeadline(queue.sendBatch(messages), SEND_DEADLINE_MS, "SERVICE_UNAVAILABLE");
  }
}
