/**
 * The way to the stack's databases, to its buckets and to its cron from outside of workerd. Miniflare has one too, which starts a thread
 * and asks in several steps, each of which its caller stands still for: four times the CPU for each statement.
 */
import { serveObjects } from "./objects.ts";
import type { Answer, CronRun, Question, WireError } from "./wire.ts";

interface SideDoorEnv {
  readonly SIDE_DOOR_TOKEN: string;
  /** What a service binding has by "service_binding_extra_handlers", of which its type knows nothing. */
  readonly MAIN?: {
    scheduled(run: { cron: string; scheduledTime: Date }): Promise<{ outcome: string }>;
  };
  readonly [binding: string]: unknown;
}

async function ask(question: Question, env: SideDoorEnv) {
  const database = env[question.database] as D1Database | undefined;
  if (database === undefined) throw new Error(`There is no database ${question.database}.`);
  if (question.method === "exec") return { result: await database.exec(question.statements[0]?.sql ?? "") };
  if (question.session === undefined) return { result: await query(question, database) };
  const session = database.withSession(question.session);
  return { result: await query(question, session), bookmark: session.getBookmark() };
}

async function query(
  { method, statements, columnNames }: Question,
  database: Pick<D1Database, "prepare" | "batch">,
) {
  const prepared = statements.map(({ sql, values }) => database.prepare(sql).bind(...values));
  const [only] = prepared;
  if (method === "batch" || only === undefined) return database.batch(prepared);
  if (method === "raw") return columnNames === true ? only.raw({ columnNames }) : only.raw();
  return method === "all" ? only.all() : only.run();
}

async function runCron({ cron, scheduledTimeMs }: CronRun, env: SideDoorEnv) {
  if (env.MAIN === undefined) throw new Error("There is no worker whose cron could run.");
  return { result: await env.MAIN.scheduled({ cron, scheduledTime: new Date(scheduledTimeMs) }) };
}

function describeError(error: unknown): WireError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, cause } = error;
  return { name, message, ...(cause === undefined ? {} : { cause: describeError(cause) }) };
}

async function answer(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    return { error: describeError(error) };
  }
}

export default {
  async fetch(request, env) {
    // Compared plainly: it listens on loopback, in development only.
    if (request.headers.get("authorization") !== `Bearer ${env.SIDE_DOOR_TOKEN}`) {
      return new Response(null, { status: 401 });
    }
    const { pathname } = new URL(request.url);
    if (pathname === "/objects") return serveObjects(request, env);
    const asked: unknown = await request.json();
    const work =
      pathname === "/cron" ? () => runCron(asked as CronRun, env) : () => ask(asked as Question, env);
    return Response.json(await answer(work));
  },
} satisfies ExportedHandler<SideDoorEnv>;
