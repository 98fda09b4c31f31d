import { app } from "./app.ts";
import { configOf } from "./config.ts";
import { reannounceUnanswered } from "./services/announce.ts";
import { sendJob } from "./storage/jobs.ts";

export { UploadObject } from "./uploads/upload-object.ts";

export default {
  fetch: app.fetch,

  async scheduled(_controller, env) {
    const { reannounceAfterSeconds } = configOf(env);
    await reannounceUnanswered(env, (job) => sendJob(env.JOBS, job), {
      afterSeconds: reannounceAfterSeconds,
      nowMs: Date.now(),
    });
  },
} satisfies ExportedHandler<Env>;
