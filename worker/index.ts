import { app } from "./app.ts";
import { runSchedule } from "./schedule.ts";

export { LiveObject } from "./live/live-object.ts";
export { UploadObject } from "./uploads/upload-object.ts";

export default {
  fetch: app.fetch,
  scheduled: ({ scheduledTime }, env) => runSchedule(env, scheduledTime),
} satisfies ExportedHandler<Env>;
