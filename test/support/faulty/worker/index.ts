import { WorkerEntrypoint } from "cloudflare:workers";
import worker, { UploadObject as ProductUploadObject } from "../../../../worker/index.ts";
import type { Change, ControlState, UploadRows } from "../faults.ts";
import { BodyMeter } from "./body-meter.ts";
import { BucketFaults, withFaults } from "./bucket.ts";
import { DatabaseFaults, withDatabaseFaults } from "./database.ts";

/** One for the isolate, so that the worker and its Durable Objects share it. */
const faults = new BucketFaults();
const databaseFaults = new DatabaseFaults();
let failingSends = 0;
const realNow = Date.now.bind(Date);
let clockAheadMs = 0;
Date.now = () => realNow() + clockAheadMs;
const sentJobs: ControlState["sentJobs"][number][] = [];
const sentElsewhere: ControlState["sentJobs"][number][] = [];
const askedUploads = new Set<string>();
const meter = new BodyMeter();

/** In place of the queue: keeps what it is sent, or fails as often as the test asks. */
export class FaultyQueue extends WorkerEntrypoint {
  async send(job: ControlState["sentJobs"][number]): Promise<void> {
    if (failingSends > 0) {
      failingSends -= 1;
      throw new Error("The queue is out of order.");
    }
    sentJobs.push(job);
  }

  async sendBatch(batch: readonly { readonly body: ControlState["sentJobs"][number] }[]): Promise<void> {
    for (const { body } of batch) await this.send(body);
  }
}

/** In place of the queue of a jurisdiction. */
export class QueueElsewhere extends WorkerEntrypoint {
  async send(job: ControlState["sentJobs"][number]): Promise<void> {
    sentElsewhere.push(job);
  }

  async sendBatch(batch: readonly { readonly body: ControlState["sentJobs"][number] }[]): Promise<void> {
    for (const { body } of batch) await this.send(body);
  }
}

/** workerd has no jurisdictions: an object of one is another by its name here, as at Cloudflare it is by its id. */
function withJurisdictions(uploads: Env["UPLOADS"]): Env["UPLOADS"] {
  const asked = (name: string): DurableObjectId => {
    askedUploads.add(name);
    return uploads.idFromName(name);
  };
  const get = uploads.get.bind(uploads);
  const within = (place: string) => ({ get, idFromName: (name: string) => asked(`${place}:${name}`) });
  return { get, idFromName: asked, jurisdiction: within } as unknown as Env["UPLOADS"];
}

const envs = new WeakMap<Env, Env>();

function withFaultyBucket(env: Env): Env {
  const known = envs.get(env);
  if (known !== undefined) return known;
  const wrapped = {
    ...env,
    BUCKET: withFaults(env.BUCKET, faults),
    DB: withDatabaseFaults(env.DB, databaseFaults),
    UPLOADS: withJurisdictions(env.UPLOADS),
  };
  envs.set(env, wrapped);
  return wrapped;
}

export class UploadObject extends ProductUploadObject {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, withFaultyBucket(env));
  }

  override fetch(request: Request): Promise<Response> {
    meter.watch(request);
    return super.fetch(request);
  }

  /** Ends it as the platform does: whatever is asked of it at the moment gets no answer. */
  break(): void {
    this.ctx.abort("The object was told to break.");
  }

  async loseAlarm(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
  }

  joinRows(): void {
    const { sql } = this.ctx.storage;
    const rows = sql.exec<{ json: string }>("SELECT json FROM state ORDER BY id").toArray();
    const state: unknown = Object.assign({}, ...rows.map(({ json }) => JSON.parse(json) as object));
    sql.exec("DROP TABLE state");
    sql.exec("CREATE TABLE upload (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL)");
    sql.exec("INSERT INTO upload (id, state) VALUES (1, ?)", JSON.stringify(state));
  }

  alarmAtMs(): Promise<number | null> {
    return this.ctx.storage.getAlarm();
  }

  async ringAlarm(): Promise<void> {
    await this.alarm();
  }

  async inspect(): Promise<UploadRows> {
    const { sql } = this.ctx.storage;
    const isThere = (table: string): boolean =>
      sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", table).toArray().length > 0;
    const bytesIn = (table: string): number =>
      !isThere(table)
        ? 0
        : sql.exec<{ bytes: number }>(`SELECT coalesce(sum(length(bytes)), 0) AS bytes FROM ${table}`).one()
            .bytes;
    const { phase, stored, part, key, id } = sql
      .exec<{
        phase: string;
        stored: number;
        part: number | null;
        key: string | null;
        id: string | null;
      }>(
        `SELECT json ->> 'phase' AS phase, json ->> 'storedBytes' AS stored, json ->> 'partSizeBytes' AS part,
         json ->> 'objectKey' AS key, json ->> 'multipartId' AS id FROM state WHERE id = 2`,
      )
      .one();
    const multipart = key === null || id === null ? null : { key, id };
    const asideBytes = bytesIn("tail") + bytesIn("held");
    const [declarationRowBytes = 0, progressRowBytes = 0] = sql
      .exec<{ bytes: number }>("SELECT length(json) AS bytes FROM state ORDER BY id")
      .toArray()
      .map(({ bytes }) => bytes);
    const alarmAtMs = await this.ctx.storage.getAlarm();
    const sizes = { storedBytes: stored, asideBytes, partBytes: part, progressRowBytes, declarationRowBytes };
    return { phase, alarmAtMs, multipart, ...sizes };
  }
}

function objectOf(env: Env, { tenantId, fileId }: NonNullable<Change["inspect"]>) {
  const { UPLOADS } = env as unknown as { UPLOADS: DurableObjectNamespace<UploadObject> };
  return UPLOADS.get(UPLOADS.idFromName(`${tenantId}/${fileId}`));
}

async function changeObject({ loseAlarm, ringAlarm, joinRows }: Change, env: Env): Promise<void> {
  if (joinRows !== undefined) await objectOf(env, joinRows).joinRows();
  if (loseAlarm !== undefined) await objectOf(env, loseAlarm).loseAlarm();
  if (ringAlarm !== undefined) await objectOf(env, ringAlarm).ringAlarm();
}

async function lookAt(
  { inspect, alarmOf }: Change,
  env: Env,
): Promise<Pick<ControlState, "rows" | "alarmAtMs">> {
  const rows = inspect === undefined ? null : await objectOf(env, inspect).inspect();
  const alarmAtMs = alarmOf === undefined ? null : await objectOf(env, alarmOf).alarmAtMs();
  return { rows, alarmAtMs };
}

async function control(request: Request, env: Env): Promise<Response> {
  const change = await request.json<Change>();
  if (change.reset === true) await reset();
  if (change.plan !== undefined) faults.plan(change.plan.operation, change.plan.faults, change.plan.fileId);
  if (change.failingSends !== undefined) failingSends = change.failingSends;
  if (change.putObjects !== undefined) await putObjects(env, change.putObjects);
  if (change.database !== undefined) databaseFaults.plan(change.database ?? undefined);
  if (change.release !== undefined)
    await faults.release(change.release === true ? undefined : change.release);
  if (change.clockAheadMs !== undefined) clockAheadMs = change.clockAheadMs;
  await changeObject(change, env);
  const looked = await lookAt(change, env);
  // Nor does whoever tells it to break get an answer.
  if (change.breakObject !== undefined)
    await objectOf(env, change.breakObject)
      .break()
      .catch(() => {});
  const { counts, calls } = faults;
  const held = calls.filter(({ isHeld }) => isHeld).length;
  return Response.json({
    counts,
    ...looked,
    databaseCalls: databaseFaults.calls,
    held,
    calls,
    bodies: meter.seen,
    sentJobs,
    sentElsewhere,
    askedUploads: [...askedUploads],
  } satisfies ControlState);
}

async function putObjects(env: Env, { prefix, count }: NonNullable<Change["putObjects"]>): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => String(index).padStart(4, "0"));
  await Promise.all(names.map((name) => env.BUCKET.put(`${prefix}${name}`, "x")));
}

async function reset(): Promise<void> {
  await faults.reset();
  meter.reset();
  sentJobs.length = 0;
  sentElsewhere.length = 0;
  askedUploads.clear();
  failingSends = 0;
  clockAheadMs = 0;
  databaseFaults.plan(undefined);
}

export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/test/control") return control(request, env);
    return worker.fetch(request, withFaultyBucket(env), ctx);
  },
  scheduled: (controller, env) => worker.scheduled(controller, withFaultyBucket(env)),
} satisfies ExportedHandler<Env>;
