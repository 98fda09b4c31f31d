import type { Job } from "#contract/jobs.ts";
import { withDeadline } from "../deadline.ts";

const SEND_DEADLINE_MS = 10_000;

/** Puts a job on the queue to the processor. Throws `SERVICE_UNAVAILABLE` when the queue doesn't answer in 10 s. */
export async function sendJob(queue: Queue<unknown>, job: Job): Promise<void> {
  await withDeadline(queue.send(job, { contentType: "json" }), SEND_DEADLINE_MS, "SERVICE_UNAVAILABLE");
}
