import { expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { APPEND, createUpload, creationHeaders, headOffset, newCaller, sharedStack } from "../support/api.ts";
import { begin, CREATION, limitsIn, PARTIAL_UPLOAD } from "../support/ietf.ts";
import { openRequest } from "../support/raw-request.ts";
import { chunkOf, expectReceived, LAST_CHUNK, patch, textOf } from "../support/tus.ts";
import { useWorkerAlone } from "../support/worker-alone.ts";

const MIB = 1024 * 1024;
/** What one request may carry, in a deployment that says so. */
const LIMIT = 5 * MIB;
const LENGTH = 3 * LIMIT;
const BEFORE = 1_000;

const worker = useWorkerAlone({ MAX_APPEND_BYTES: String(LIMIT) });

test("where nothing is said, one request may carry what Cloudflare takes, and OPTIONS tells it", async () => {
  const answer = await fetch(new URL("/v1/uploads", sharedStack().url), { method: "OPTIONS" });
  expect(limitsIn(answer)).toHaveProperty("max-append-size", 100_000_000);
});

type Fields = Readonly<Record<string, string>>;

const PROTOCOLS = [
  ["tus", APPEND, { ...creationHeaders(LENGTH), ...APPEND }],
  ["the IETF's protocol", { "content-type": PARTIAL_UPLOAD, "upload-complete": "?0" }, CREATION],
] as const;

/** Sends a chunked body of so many bytes; returns the answer's beginning as it came. */
async function sendChunked(
  caller: Caller,
  [method, path]: readonly [string, string],
  headers: Fields,
  bytes: Buffer,
): Promise<string> {
  const authorization = `Bearer ${caller.token}`;
  const all = { ...headers, authorization, "transfer-encoding": "chunked" };
  const request = await openRequest(new URL(path, worker.url), method, all);
  await request.write(chunkOf(bytes));
  await request.write(LAST_CHUNK);
  await expectReceived(request, /^HTTP\/1\.1 [\s\S]*\r\n\r\n/);
  await request.cut();
  return request.received();
}

async function beginAt(caller: Caller, protocol: string): Promise<string> {
  const location = protocol === "tus" ? await createUpload(caller, LENGTH) : await begin(caller);
  expect((await patch(caller, location, 0, textOf(BEFORE))).status).toBe(204);
  return location;
}

test.each(PROTOCOLS)(
  "%s: a chunked append with as much as a request may carry is taken; of a longer one as much is kept",
  async (protocol, headers) => {
    const caller = await newCaller({ stack: worker });
    const location = await beginAt(caller, protocol);
    const taken = { ...headers, "upload-offset": String(BEFORE) };
    expect(await sendChunked(caller, ["PATCH", location], taken, textOf(LIMIT))).toMatch(/^HTTP\/1\.1 204 /);
    const offset = BEFORE + LIMIT;
    const longer = { ...headers, "upload-offset": String(offset) };
    const answer = await sendChunked(caller, ["PATCH", location], longer, textOf(LIMIT + 1));
    expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*UPLOAD_BODY_TOO_LARGE/);
    expect(answer).toMatch(new RegExp(`^upload-offset: ${offset + LIMIT}\r$`, "im"));
    expect(answer).toMatch(new RegExp(`^upload-limit: .*max-append-size=${LIMIT}\r$`, "im"));
    expect(await headOffset(caller, location)).toBe(offset + LIMIT);
  },
);

test("a chunked append that is longer than a request may carry, with a checksum, leaves nothing", async () => {
  const caller = await newCaller({ stack: worker });
  const location = await beginAt(caller, "tus");
  const checksum = `sha1 ${Buffer.alloc(20).toString("base64")}`;
  const headers = { ...APPEND, "upload-offset": String(BEFORE), "upload-checksum": checksum };
  const answer = await sendChunked(caller, ["PATCH", location], headers, textOf(LIMIT + 1));
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(await headOffset(caller, location)).toBe(BEFORE);
});

test.each(PROTOCOLS)(
  "%s: a creation with a longer chunked body leaves nothing",
  async (_protocol, _append, headers) => {
    const caller = await newCaller({ stack: worker });
    const answer = await sendChunked(caller, ["POST", "/v1/uploads"], headers, textOf(LIMIT + 1));
    expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*UPLOAD_BODY_TOO_LARGE/);
    expect(answer).not.toMatch(/^location:/im);
    const [reserved] = await worker.query(
      "SELECT reserved_bytes AS bytes FROM tenants WHERE tenant_id = ?",
      caller.tenantId,
    );
    expect(reserved).toEqual({ bytes: 0 });
  },
);
