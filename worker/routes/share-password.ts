import { AppError } from "#contract/errors.ts";
import { bareMediaType } from "#contract/file-types.ts";
import { SharedDownloadRequest } from "#contract/sharing.ts";
import type { AppContext } from "../app-env.ts";
import { readSmallBody } from "../middleware/small-body.ts";
import { invalidRequest } from "./open-api.ts";

export const JSON_TYPE = "application/json";
export const FORM_TYPE = "application/x-www-form-urlencoded";
/** A password of 128 characters, each of them escaped as a form does, and its name. */
const MAX_BODY_BYTES = 4096;

/** The media type of what a request sends. */
export function sentType(c: AppContext): string {
  return bareMediaType(c.req.header("Content-Type") ?? "");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("REQUEST_INVALID", { detail: "This is not JSON.", cause });
  }
}

/**
 * The password in a form or in JSON; none in an empty body. Throws `REQUEST_INVALID`, `BODY_TOO_LARGE` or
 * `BODY_INCOMPLETE`.
 */
export async function readPassword(c: AppContext): Promise<string | undefined> {
  const text = await readSmallBody(c.req.raw, MAX_BODY_BYTES);
  const type = sentType(c);
  if (text === "" || (type !== JSON_TYPE && type !== FORM_TYPE)) return undefined;
  const body = type === JSON_TYPE ? parseJson(text) : Object.fromEntries(new URLSearchParams(text));
  const parsed = SharedDownloadRequest.safeParse(body);
  if (!parsed.success) throw invalidRequest(parsed.error);
  return parsed.data.password || undefined;
}
