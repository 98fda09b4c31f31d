import { type Context, Hono } from "hono";
import type { z } from "zod";
import { type BridgeEnv, parseBridgeConfig } from "./config.ts";
import { ApiFailure, formatFailure } from "./failure.ts";
import type { QueueObject } from "./queue-object.ts";
import { findQueue } from "./queues.ts";
import { AckRequest, formatPull, formatSettlement, formatSuccess, PullRequest } from "./wire.ts";

interface AppEnv {
  readonly Bindings: BridgeEnv;
}

const MESSAGES = "/client/v4/accounts/:account/queues/:queue/messages";

/** The bridge's HTTP side: Cloudflare's two pull consumer routes, and two of its own for the development stack. */
export const app = new Hono<AppEnv>();

app.onError((error, c) => {
  if (!(error instanceof ApiFailure)) console.error({ event: "queue-bridge-failed", error: String(error) });
  const { status, envelope } = formatFailure(
    error instanceof ApiFailure ? error : new ApiFailure("internal"),
  );
  return c.json(envelope, status);
});

app.notFound(() => {
  throw new ApiFailure("noRoute");
});

app.use(async (c, next) => {
  requireToken(c.req.header("authorization"), parseBridgeConfig(c.env).QUEUES_TOKEN);
  await next();
});

app.post(`${MESSAGES}/pull`, async (c) => {
  const request = await parseBody(c.req.raw, PullRequest);
  const queue = requireQueue(c, c.req.param("queue"));
  const { messages, backlog } = await queue.pull(request.batch_size, request.visibility_timeout_ms);
  return c.json(formatSuccess(formatPull(messages, backlog)));
});

app.post(`${MESSAGES}/ack`, async (c) => {
  const request = await parseBody(c.req.raw, AckRequest);
  const acks = request.acks.map(({ lease_id }) => lease_id);
  const retries = request.retries.map((retry) => ({
    leaseId: retry.lease_id,
    delaySeconds: retry.delay_seconds,
  }));
  const settlement = await requireQueue(c, c.req.param("queue")).settle(acks, retries);
  return c.json(formatSuccess(formatSettlement(settlement)));
});

/** How many messages are in each state. */
app.get("/dev/queues/:queue", async (c) => c.json(await requireQueue(c, c.req.param("queue")).count()));

/** Ends every lease: for whoever knows that no consumer is alive, and won't wait until the leases run out. */
app.post("/dev/queues/:queue/release", async (c) => {
  const released = await requireQueue(c, c.req.param("queue")).release();
  return c.json({ released });
});

/** Throws noToken or wrongToken. Compared plainly: the bridge listens on loopback, in development only. */
function requireToken(authorization: string | undefined, token: string): void {
  const presented = authorization?.match(/^Bearer (.+)$/i)?.[1];
  if (presented === undefined) throw new ApiFailure("noToken");
  if (presented !== token) throw new ApiFailure("wrongToken");
}

/** Throws queueNotFound. */
function requireQueue(c: Context<AppEnv>, name: string): DurableObjectStub<QueueObject> {
  const queue = findQueue(c.env, name);
  if (queue === undefined) throw new ApiFailure("queueNotFound");
  return queue;
}

/** Throws bodyMalformed or bodyInvalid. */
async function parseBody<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const body: unknown = await request.json().catch(() => {
    throw new ApiFailure("bodyMalformed");
  });
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new ApiFailure("bodyInvalid", formatIssues(parsed.error));
  return parsed.data;
}

function formatIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; ");
}
