import { beforeEach, expect, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { APPEND, append, creationHeaders, headOffset, newCaller, TUS } from "../support/api.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { CREATION } from "../support/ietf.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { openRequest } from "../support/raw-request.ts";
import { expectReceived } from "../support/tus.ts";

const TEXT = "All that there is.";
const SENT = 5;

const stack = useFaultyStack();
let caller: Caller;
beforeEach(async () => {
  caller = await newCaller({ stack });
});

const PROTOCOLS = [
  ["tus", { ...creationHeaders(TEXT.length), ...APPEND }],
  ["the IETF's protocol", CREATION],
] as const;

/** Opens a creation whose body stops after `text`, and finds out under which id. */
async function beginCreation(
  headers: Readonly<Record<string, string>>,
  text: string,
): Promise<{ readonly request: RawRequest; readonly location: string }> {
  const authorization = `Bearer ${caller.token}`;
  const all = { ...headers, authorization, "content-length": String(TEXT.length) };
  const request = await openRequest(new URL("/v1/uploads", stack.url), "POST", all);
  await request.write(Buffer.from(text));
  const find = () => stack.query("SELECT id FROM files WHERE tenant_id = ?", caller.tenantId);
  await expect.poll(find, { interval: 10, timeout: 10_000 }).toHaveLength(1);
  const [row] = await find();
  return { request, location: `/v1/uploads/${String(row?.["id"])}` };
}

/** Asks where the upload is until it has what was sent: before that, its creation hasn't begun to take its body. */
async function takeOver(location: string): Promise<void> {
  const offset = async () => {
    const answer = await caller.fetch(location, { method: "HEAD", headers: TUS });
    return answer.headers.get("upload-offset");
  };
  await expect.poll(offset, { interval: 10, timeout: 10_000 }).toBe(String(SENT));
}

test.each(PROTOCOLS)(
  "%s: a creation with content that is taken over keeps its bytes and tells where they are",
  async (_protocol, headers) => {
    const { request, location } = await beginCreation(headers, TEXT.slice(0, SENT));
    await takeOver(location);
    await expectReceived(request, /UPLOAD_SUPERSEDED/);
    expect(request.received()).toMatch(/^HTTP\/1\.1 409 /);
    expect(request.received()).toMatch(new RegExp(`^location: ${location}\\r$`, "im"));
    await request.cut();
    expect(await headOffset(caller, location)).toBe(SENT);
    expect((await append(caller, location, SENT, TEXT.slice(SENT))).status).toBe(204);
    expect(await headOffset(caller, location)).toBe(TEXT.length);
  },
);
