/** What middlewares that are mounted by themselves need of the worker's environment. */
interface Env {
  readonly DB: D1Database;
}
