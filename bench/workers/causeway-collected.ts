/**
 * The product in an isolate that collects its garbage when it is asked to. A read of a body leaves some 2.7 KB of native
 * memory behind that V8 doesn't count and so collects late: what a process is using shows only then.
 */
import worker from "./causeway.ts";
import type { BenchEnv } from "./product-env.ts";

export * from "./causeway.ts";

/** By V8's flag `--expose-gc`. */
declare const gc: () => void;

export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== "/bench/collect") return worker.fetch(request, env, ctx);
    gc();
    return new Response();
  },
} satisfies ExportedHandler<BenchEnv>;
