import { app } from "./app.ts";
import { configOf } from "./config.ts";
import { erasureMeans } from "./routes/admin/erasures.ts";
import { reannounceUnanswered } from "./services/announce.ts";
import { driveErasures } from "./services/erasure.ts";
import { sendJob } from "./storage/jobs.ts";

export { UploadObject } from "./uploads/upload-object.ts";

export default {
  fetch: app.fetch,

  async scheduled(controller, env) {
    const { reannounceAfterSeconds, erasureSettleMs } = configOf(env);
    await Promise.all([
      reannounceUnanswered(env, (job) => sendJob(env.JOBS, job), {
        afterSeconds: reannounceAfterSeconds,
        nowMs: Date.now(),
      }),
      driveErasures(env, erasureMeans(env, erasureSettleMs), controller.scheduledTime),
    ]);
  },
} satisfies ExportedHandler<Env>;
