import { WorkerEntrypoint } from "cloudflare:workers";
import worker, { UploadObject as ProductUploadObject } from "../../../../worker/index.ts";
import type { Fault, Operation } from "../faults.ts";
import { BucketFaults, withFaults } from "./bucket.ts";

/** One for the isolate, so that the worker and its Durable Objects share it. */
const faults = new BucketFaults();
let failingSends = 0;
const sentJobs: unknown[] = [];

/** In place of the queue: keeps what it is sent, or fails as often as the test asks. */
export class FaultyQueue extends WorkerEntrypoint {
  async send(job: unknown): Promise<void> {
    if (failingSends > 0) {
      failingSends -= 1;
      throw new Error("The queue is out of order.");
    }
    sentJobs.push(job);
  }
}

const envs = new WeakMap<Env, Env>();

function withFaultyBucket(env: Env): Env {
  const known = envs.get(env);
  if (known !== undefined) return known;
  const wrapped = { ...env, BUCKET: withFaults(env.BUCKET, faults) };
  envs.set(env, wrapped);
  return wrapped;
}

export class UploadObject extends ProductUploadObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, withFaultyBucket(env));
  }
}

interface Control {
  readonly plan?: { readonly operation: Operation; readonly faults: readonly Fault[] };
  readonly failingSends?: number;
  readonly release?: boolean;
  readonly reset?: boolean;
}

async function control(request: Request): Promise<Response> {
  const { plan, release, reset, ...queue } = await request.json<Control>();
  if (reset === true) {
    faults.reset();
    sentJobs.length = 0;
    failingSends = 0;
  }
  if (plan !== undefined) faults.plan(plan.operation, plan.faults);
  if (queue.failingSends !== undefined) failingSends = queue.failingSends;
  if (release === true) faults.release();
  return Response.json({ counts: faults.counts, held: faults.heldCalls, sentJobs });
}

export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/test/control") return control(request);
    return worker.fetch(request, withFaultyBucket(env), ctx);
  },
} satisfies ExportedHandler<Env>;
