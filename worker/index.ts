import { app } from "./app.ts";
import { configOf } from "./config.ts";
import { reannounceUnanswered } from "./services/announce.ts";
import type { Removal } from "./services/purge.ts";
import { purgeDue } from "./services/purge.ts";
import { sendJob } from "./storage/jobs.ts";
import { r2Store } from "./storage/r2.ts";
import { endUpload } from "./uploads/end-upload.ts";

export { UploadObject } from "./uploads/upload-object.ts";

export default {
  fetch: app.fetch,

  async scheduled(_controller, env) {
    const { reannounceAfterSeconds: afterSeconds } = configOf(env);
    const nowMs = Date.now();
    const removal: Removal = {
      objects: r2Store(env.BUCKET),
      endUpload: (ref) => endUpload(env.UPLOADS, ref),
    };
    // Each for itself: none waits for one that fails.
    const ended = await Promise.allSettled([
      reannounceUnanswered(env, (job) => sendJob(env.JOBS, job), { afterSeconds, nowMs }),
      purgeDue(env, removal, nowMs),
    ]);
    const reasons = ended.flatMap((each): unknown[] => (each.status === "rejected" ? [each.reason] : []));
    if (reasons.length > 0) throw new AggregateError(reasons, "Not all of what is due was done.");
  },
} satisfies ExportedHandler<Env>;
