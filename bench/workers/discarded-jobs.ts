import { WorkerEntrypoint } from "cloudflare:workers";

/** In place of the queue's producer: a call out of the isolate, and nothing kept, as the sink keeps no bytes. */
export class DiscardedJobs extends WorkerEntrypoint {
  async send(): Promise<void> {}
}
