import { z } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import { formatBase64Url } from "#contract/base64url.ts";
import { AppError } from "#contract/errors.ts";
import { bareMediaType } from "#contract/file-types.ts";
import type { AppContext, AppEnv } from "../app-env.ts";
import { signingKey } from "../delivery/hmac.ts";
import type { Sealing } from "../delivery/sealed.ts";
import { seal, unseal } from "../delivery/sealed.ts";
import type { Answer } from "../services/idempotency.ts";
import { claimKey, settleKey } from "../services/idempotency.ts";

/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07), on what makes something by POST: a request whose answer was
 * lost is sent again with the same key, and is answered as the first was, for a day, or for as long as what was made is good.
 * A key is of one user and one operation.
 * Only what succeeded is kept: what was refused made nothing, and is judged anew. What failed may have made something all the
 * same: its key stays taken for its lease, unless it is known that nothing was made.
 */

export const IDEMPOTENCY_ERRORS = [
  "IDEMPOTENCY_KEY_INVALID",
  "IDEMPOTENCY_KEY_IN_USE",
  "IDEMPOTENCY_KEY_REUSED",
] as const;

/** For the description of a route that takes it. */
export const IdempotencyHeaders = z.object({
  "idempotency-key": z
    .string()
    .optional()
    .meta({
      description:
        "Of your choice, new for each thing that is to be made: the same request with it, within a day, is answered as the " +
        "first was and makes nothing more. What makes a grant is answered so for as long as that lives",
    }),
});

/** A structured string (RFC 8941, 3.3.3) without escapes, as the draft has it; or the same without its quotes. */
const KEY = /^(?:"([ !#-[\]-~]{1,255})"|([!#-[\]-~]{1,255}))$/;

/** A file may take as long as its client does; nothing else takes a minute. */
const LEASE_MS = { json: 60_000, file: 600_000, upload: 60_000 } as const;

/** What of a file tells one request from another: its bytes are read once, by whoever stores them. */
const FILE_HEADERS = [
  "Content-Length",
  "Content-Type",
  "Content-Disposition",
  "Content-Digest",
  "Repr-Digest",
];
/** … and what of an upload that begins without content, in either protocol. */
const UPLOAD_HEADERS = [
  ...FILE_HEADERS,
  ...["Tus-Resumable", "Upload-Length", "Upload-Metadata", "Upload-Defer-Length", "Upload-Concat"],
  "Upload-Complete",
];
/** From this status on it isn't the request's own fault. */
const FAILED = 500;
const KEPT_HEADERS = [
  ...["Content-Type", "Location", "Causeway-Warning"],
  ...["Upload-Offset", "Upload-Complete", "Upload-Limit", "Upload-Expires"],
];

const KeptAnswer = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});

function headersOf(headers: Headers, names: readonly string[]): readonly (readonly [string, string])[] {
  return names.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
}

async function hashOf(parts: readonly unknown[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(parts));
  return formatBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** A form's boundary is another each time that it is sent. */
function fileFactsOf(headers: Headers, names: readonly string[]): readonly (readonly [string, string])[] {
  return headersOf(headers, names).map(([name, value]) => [
    name,
    name === "Content-Type" ? bareMediaType(value) : value,
  ]);
}

async function fingerprintOf(c: AppContext, body: keyof typeof LEASE_MS): Promise<string> {
  const { pathname, search } = new URL(c.req.url);
  if (body === "json") return hashOf([pathname, search, c.get("jsonText")]);
  const names = body === "file" ? FILE_HEADERS : UPLOAD_HEADERS;
  return hashOf([pathname, search, fileFactsOf(c.req.raw.headers, names)]);
}

/** Answers may have tokens in them: whoever reads the database reads none. */
function sealingOf(context: readonly string[]): Sealing {
  return { use: "causeway-idempotent-answer", context };
}

/** An answer as it was kept. Throws `IDEMPOTENCY_KEY_REUSED` where it can't be read any more. */
async function replay(c: AppContext, kept: string, purpose: readonly string[]): Promise<Response> {
  const dot = kept.lastIndexOf(".");
  const key = c.get("config").signingKeys.find(({ kid }) => kid === kept.slice(0, dot));
  if (key === undefined) {
    const detail = "The first was answered, and its answer can't be read any more: the signing key is gone.";
    throw new AppError("IDEMPOTENCY_KEY_REUSED", { detail });
  }
  const text = await unseal(kept.slice(dot + 1), sealingOf(purpose), key);
  const { status, headers, body } = KeptAnswer.parse(JSON.parse(text));
  return new Response(body === "" ? null : body, { status, headers });
}

async function answerOf(c: AppContext, purpose: readonly string[]): Promise<Answer> {
  const { status, headers } = c.res;
  const kept = Object.fromEntries(headersOf(headers, KEPT_HEADERS));
  const text = JSON.stringify({ status, headers: kept, body: await c.res.clone().text() });
  const key = signingKey(c.get("config").signingKeys);
  const goodUntilMs = c.get("isGoodUntilMs") ?? Number.MAX_SAFE_INTEGER;
  return { text: `${key.kid}.${await seal(text, sealingOf(purpose), key)}`, goodUntilMs };
}

/**
 * A statement that wasn't answered may still be carried out; a file that isn't stored whole is discarded, and so is an upload
 * that couldn't be begun.
 */
function mayHaveMade(c: AppContext, body: keyof typeof LEASE_MS): boolean {
  if (c.res.status < FAILED) return false;
  return body === "json" || c.get("isStored") === true;
}

/**
 * Has a route heed the key. Comes after whatever says who is asking. Throws the `IDEMPOTENCY_ERRORS`.
 * @param operation what the key is of, with the user
 * @param body `json`, which was read before this, a `file`, which is a stream, or none, of which an `upload` begins
 */
export function idempotent(operation: string, body: keyof typeof LEASE_MS) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const header = c.req.header("Idempotency-Key");
    if (header === undefined) return next();
    const [, quoted, bare] = KEY.exec(header) ?? [];
    const key = quoted ?? bare;
    if (key === undefined) throw new AppError("IDEMPOTENCY_KEY_INVALID");
    const { tenantId, userId, role, entityGrant } = c.get("identity");
    const purpose = ["causeway-idempotency", tenantId, userId, role, entityGrant?.id ?? "", operation, key];
    const ref = { tenantId, keyHash: await hashOf(purpose) };
    const fingerprint = await fingerprintOf(c, body);
    const claim = await claimKey(c.env, { ...ref, fingerprint, leaseMs: LEASE_MS[body] }, Date.now());
    if ("answer" in claim) return replay(c, claim.answer, purpose);
    const done = (async () => {
      await next();
      const answer = c.res.ok ? await answerOf(c, purpose) : undefined;
      if (answer === undefined && mayHaveMade(c, body)) return;
      await settleKey(c.env, ref, claim.takenId, answer);
    })();
    // A client that goes away ends its request's handler: what was made is to be found by its key all the same.
    c.executionCtx.waitUntil(done.catch(() => {}));
    await done;
    return undefined;
  });
}
