import { beforeEach, test } from "vitest";
import type { Caller } from "../support/api.ts";
import { APPEND, append, createUpload, creationHeaders, newCaller } from "../support/api.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { openRequest } from "../support/raw-request.ts";
import { expectReceived } from "../support/tus.ts";

const MIB = 1024 * 1024;
const PART = 5 * MIB;
const BODY = Buffer.alloc(PART + 2 * MIB, "text ");

const stack = useFaultyStack();
let caller: Caller;
beforeEach(async () => {
  caller = await newCaller({ stack });
});

type Fields = Readonly<Record<string, string>>;

interface Refused {
  readonly method: string;
  readonly path: string;
  readonly headers: Fields;
}

/** Begins an upload with a part, and returns the append that would go on behind it. */
async function begin(): Promise<Refused & { readonly headers: { readonly "upload-offset": string } }> {
  const path = await createUpload(caller, PART + BODY.byteLength);
  await append(caller, path, 0, BODY.subarray(0, PART));
  return { method: "PATCH", path, headers: { ...APPEND, "upload-offset": String(PART) } };
}

const CASES: readonly [what: string, code: string, make: () => Promise<Refused>][] = [
  [
    "a token that isn't one",
    "TOKEN_INVALID",
    async () => {
      const request = await begin();
      return { ...request, headers: { ...request.headers, authorization: "Bearer none" } };
    },
  ],
  [
    "an offset that is wrong",
    "UPLOAD_OFFSET_MISMATCH",
    async () => {
      const request = await begin();
      return { ...request, headers: { ...request.headers, "upload-offset": "7" } };
    },
  ],
  [
    "a body that isn't of its type",
    "FILE_TYPE_MISMATCH",
    async () => ({
      method: "POST",
      path: "/v1/uploads",
      headers: { ...creationHeaders(BODY.byteLength, { filename: "photo.png" }), ...APPEND },
    }),
  ],
  [
    "a plain upload that isn't of its type",
    "FILE_TYPE_MISMATCH",
    async () => ({
      method: "POST",
      path: "/v1/files",
      headers: { "content-disposition": 'attachment; filename="photo.png"', "content-type": "image/png" },
    }),
  ],
  [
    "a store that is out of order",
    "STORE_UNAVAILABLE",
    async () => {
      const request = await begin();
      await stack.control({ plan: { operation: "uploadPart", faults: Array(6).fill({ kind: "fail" }) } });
      return request;
    },
  ],
];

async function open({ method, path, headers }: Refused): Promise<RawRequest> {
  const request = await openRequest(new URL(path, stack.url), method, {
    authorization: `Bearer ${caller.token}`,
    "content-length": String(BODY.byteLength),
    ...headers,
  });
  // A client that looks for an answer only when it has sent everything.
  request.socket.pause();
  return request;
}

test.each(CASES)("whoever sends all of its body first is told of %s", async (_what, code, make) => {
  const request = await open(await make());
  await request.write(BODY);
  request.socket.resume();
  await expectReceived(request, new RegExp(code));
  await request.cut();
});

test.each(CASES)("whoever stops sending is told of %s all the same", async (_what, code, make) => {
  const request = await open(await make());
  await request.write(BODY.subarray(0, PART + MIB));
  request.socket.resume();
  await expectReceived(request, new RegExp(code));
  await request.cut();
});
