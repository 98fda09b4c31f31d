import { expect, test } from "vitest";
import { newCaller, sharedStack } from "../support/api.ts";
import { TUS_ERRORS, TUS_SUCCESSES } from "../support/tus-answers.ts";

const ORIGIN = "https://crm.example";

const READABLE = [
  "Location",
  "Upload-Offset",
  "Upload-Length",
  "Upload-Metadata",
  "Upload-Defer-Length",
  "Upload-Concat",
  "Upload-Expires",
  "Upload-Complete",
  "Upload-Limit",
  "Tus-Resumable",
  "Tus-Version",
  "Tus-Extension",
  "Tus-Max-Size",
  "Tus-Checksum-Algorithm",
  "Repr-Digest",
  "ETag",
  "Content-Range",
  "Allow",
  "Accept-Patch",
  "WWW-Authenticate",
  "X-Request-ID",
];

/** Header names in a list, in lower case. */
function namesIn(list: string | null): readonly string[] {
  return (list ?? "").split(",").map((name) => name.trim().toLowerCase());
}

function expectReadable(answer: Response): void {
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  const exposed = namesIn(answer.headers.get("access-control-expose-headers"));
  for (const name of READABLE) expect(exposed).toContain(name.toLowerCase());
}

function preflight(path: string, method: string, headers: readonly string[]): Promise<Response> {
  return fetch(new URL(path, sharedStack().url), {
    method: "OPTIONS",
    headers: {
      origin: ORIGIN,
      "access-control-request-method": method,
      "access-control-request-headers": headers.join(","),
    },
  });
}

test.each([
  ["/v1/uploads", ["POST"]],
  [`/v1/uploads/${"0".repeat(26)}`, ["PATCH", "HEAD", "DELETE", "GET", "POST"]],
])("tus 83: a preflight of %s without a token allows what clients send", async (path, methods) => {
  const wanted = [
    "Authorization",
    "Content-Type",
    "Incremental",
    "Tus-Resumable",
    "Upload-Checksum",
    "Upload-Complete",
    "Upload-Concat",
    "Upload-Defer-Length",
    "Upload-Draft-Interop-Version",
    "Upload-Length",
    "Upload-Metadata",
    "Upload-Offset",
    "X-HTTP-Method-Override",
    "X-Request-ID",
    "Idempotency-Key",
    "traceparent",
    "tracestate",
    "baggage",
  ].map((name) => name.toLowerCase());
  for (const method of methods) {
    const answer = await preflight(path, method, wanted);
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(namesIn(answer.headers.get("access-control-allow-methods"))).toContain(method.toLowerCase());
    expect(namesIn(answer.headers.get("access-control-allow-headers"))).toEqual(
      expect.arrayContaining(wanted),
    );
  }
});

test("tus 83: it may be kept for a day, and gives no credentials away", async () => {
  const answer = await preflight("/v1/uploads", "POST", ["authorization"]);
  expect(answer.headers.get("access-control-max-age")).toBe("86400");
  expect(answer.headers.has("access-control-allow-credentials")).toBe(false);
});

test.each(TUS_SUCCESSES)("tus 84: a page may read the answer to %s", async (_what, _status, ask) => {
  expectReadable(await ask(await newCaller()));
});

test.each(TUS_ERRORS)("tus 85: a page may read the answer to %s (%d)", async (_what, status, ask) => {
  const answer = await ask(await newCaller());
  expect(answer.status).toBe(status);
  expectReadable(answer);
});

test("tus 85: answers are the same for every origin, so a cache may keep them for all", async () => {
  const caller = await newCaller();
  for (const origin of [ORIGIN, "https://other.example", "null", undefined]) {
    const headers: Record<string, string> = origin === undefined ? {} : { origin };
    const answer = await caller.fetch("/v1/uploads/x", { method: "HEAD", headers });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  }
});
