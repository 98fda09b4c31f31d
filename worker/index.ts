import { app } from "./app.ts";
import { runSchedule } from "./schedule.ts";

export { UploadObject } from "./uploads/upload-object.ts";

export default {
  fetch: app.fetch,
  scheduled: (_controller, env) => runSchedule(env),
} satisfies ExportedHandler<Env>;
