import { createMiddleware } from "hono/factory";
import { AppError } from "#contract/errors.ts";
import { bareMediaType } from "#contract/file-types.ts";
import { MAX_JSON_BYTES, MAX_JSON_DEPTH, MAX_JSON_MEMBERS } from "#contract/json-limits.ts";
import type { AppEnv } from "../app-env.ts";
import { readSmallBody } from "./small-body.ts";

/** As the validators behind this tell a body that they are to read. */
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  const members = Object.values(value);
  return (
    depth > 0 && members.length <= MAX_JSON_MEMBERS && members.every((each) => isWithin(each, depth - 1))
  );
}

/** Throws `REQUEST_INVALID` for what a schema would be long in refusing. What is no JSON is the validators' to refuse. */
function requireModest(text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  if (isWithin(value, MAX_JSON_DEPTH)) return;
  throw new AppError("REQUEST_INVALID", {
    detail: `JSON may be ${MAX_JSON_DEPTH} levels deep, and one of its arrays or objects have ${MAX_JSON_MEMBERS} members.`,
  });
}

/**
 * What says what JSON is: a body of which this has put no text into the context is none, and nobody reads it.
 *
 * Reads JSON for every route that is mounted after this, and no more of it than any of them takes: validators read
 * whatever comes. Throws as `readSmallBody`, and `REQUEST_INVALID`.
 */
export const jsonBodies = createMiddleware<AppEnv>(async (c, next) => {
  const type = bareMediaType(c.req.header("Content-Type") ?? "");
  // A body of a GET means nothing (RFC 9110, 9.3.1), and a Request can't be made with one.
  const mayHaveBody = c.req.method !== "GET" && c.req.method !== "HEAD";
  if (mayHaveBody && c.req.raw.body !== null && JSON_TYPE.test(type)) {
    const text = await readSmallBody(c.req.raw, MAX_JSON_BYTES);
    requireModest(text);
    c.set("jsonText", text);
    c.req.raw = new Request(c.req.raw, { method: c.req.raw.method, body: text });
  }
  await next();
});
