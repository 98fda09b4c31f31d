import { DurableObject } from "cloudflare:workers";
import { Server } from "@tus/server";
import type { SinkEnv } from "./sink-bucket.ts";
import { withSinkBucket } from "./sink-bucket.ts";
import { MultipartStore } from "./tus-store.ts";

interface Env extends SinkEnv {
  readonly UPLOADS: DurableObjectNamespace<TusObject>;
}

/** One upload each, as Causeway has it; @tus/server untouched, so that bytes take its Node streams. */
export class TusObject extends DurableObject<Env> {
  readonly #server: Server;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#server = new Server({
      path: "/files",
      relativeLocation: true,
      datastore: new MultipartStore(ctx.storage.sql, withSinkBucket(env).BUCKET),
      namingFunction: (request) => request.headers.get("x-bench-id") ?? crypto.randomUUID(),
    });
  }

  override async fetch(request: Request): Promise<Response> {
    return this.#server.handleWeb(request);
  }
}

export default {
  async fetch(request, env) {
    const isCreation = request.method === "POST";
    const id = isCreation ? crypto.randomUUID() : (new URL(request.url).pathname.split("/").at(-1) ?? "");
    const forwarded = new Request(request);
    forwarded.headers.set("x-bench-id", id);
    return env.UPLOADS.get(env.UPLOADS.idFromName(id)).fetch(forwarded);
  },
} satisfies ExportedHandler<Env>;
