import { DurableObject } from "cloudflare:workers";
import type { DatabaseBindings } from "../services/uploads.ts";
import { forgetUpload, recordStoredUpload } from "../services/uploads.ts";
import { sendJob } from "../storage/jobs.ts";
import { r2Store } from "../storage/r2.ts";
import { isolateSlabs } from "./slabs.ts";
import { TusFrontEnd } from "./tus/tus-front-end.ts";
import { Upload } from "./upload.ts";
import { readUploadContext } from "./upload-context.ts";
import { UploadStore } from "./upload-state.ts";

interface UploadBindings extends DatabaseBindings {
  readonly BUCKET: R2Bucket;
  readonly JOBS: Queue<unknown>;
}

/**
 * One resumable upload as a Durable Object: its lock, its offset and its tail live here, so there is one writer and no
 * lock service. It is named by tenant and file id. This class only connects: the upload itself is `Upload`, the
 * protocol is a front end.
 */
export class UploadObject extends DurableObject<UploadBindings> {
  readonly #upload: Upload;
  readonly #tus: TusFrontEnd;

  constructor(ctx: DurableObjectState, env: UploadBindings) {
    super(ctx, env);
    this.#upload = new Upload({
      store: new UploadStore(ctx.storage),
      objects: r2Store(env.BUCKET),
      slabs: isolateSlabs,
      now: () => Date.now(),
      steps: {
        record: (job) => recordStoredUpload(env, job, Date.now()),
        announce: (job) => sendJob(env.JOBS, job),
        forget: (ref) => forgetUpload(env, ref),
      },
    });
    this.#tus = new TusFrontEnd(this.#upload);
  }

  override async fetch(request: Request): Promise<Response> {
    const answer = await this.#tus.handle(request, readUploadContext(request));
    // A body that nobody read would stall the connection's next request.
    if (request.body !== null && !request.body.locked) await request.body.cancel();
    return answer;
  }

  override async alarm(): Promise<void> {
    await this.#upload.onAlarm();
  }
}
