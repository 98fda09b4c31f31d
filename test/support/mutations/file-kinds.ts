import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { UploadGrantResponse } from "#contract/api.ts";
import { ProcessJob } from "#contract/jobs.ts";
import { REPORT_SIGNATURE_HEADER, REPORTS_PATH, signReport } from "#contract/reports.ts";
import type { Caller } from "../api.ts";
import { APPEND, metadataHeader, signUrl, uploadFile } from "../api.ts";
import { sendReport } from "../reports.ts";
import { sha256Of } from "../sha256.ts";
import { CreationSubject } from "./creation-subject.ts";
import { PassingSubject, SpentSubject, SteadySubject } from "./steady-subject.ts";
import type { RequestKind, World } from "./subject.ts";
import { ask, isEnd, newUser, requestOf } from "./subject.ts";
import { distinctText } from "./upload-subject.ts";
import { wireRequest } from "./wire-request.ts";

const CONTENT = distinctText(900);
const JSON_TYPE = { "content-type": "application/json" } as const;

async function signedReport({ url, reportSecret }: World, report: object) {
  const body = JSON.stringify(report);
  const signature = await signReport(reportSecret, body, Date.now());
  const fields = { host: url.host, ...JSON_TYPE, [REPORT_SIGNATURE_HEADER]: signature };
  return wireRequest("POST", REPORTS_PATH, fields, Buffer.from(body));
}

/** A file that may be downloaded: the verdict is said as a processor says it. */
async function cleanFile(world: World, caller: Caller): Promise<string> {
  const fileId = await uploadFile(caller, CONTENT);
  const { sentJobs } = await world.stack.control({});
  const job = ProcessJob.parse(sentJobs.find((each) => each.fileId === fileId));
  const { tenantId, version, etag, sizeBytes } = job;
  const verdict = { sha256: sha256Of(CONTENT), sniffedType: null, verdict: "clean", signatureName: null };
  const { fields, content } = await signedReport(world, {
    ...{ kind: "verdict", tenantId, fileId, version, etag, sizeBytes, ...verdict },
    ...{ engine: "Test", signatureVersion: "1", scannedAtMs: Date.now() },
  });
  const headers = fields
    .filter(([name]) => name !== "host")
    .map(([name, value]): [string, string] => [name, value]);
  const answer = await fetch(new URL(REPORTS_PATH, world.url), {
    method: "POST",
    headers,
    body: Buffer.from(content),
  });
  expect(answer.status, await answer.text()).toBe(200);
  return fileId;
}

/** Requests that change nothing, about a clean file of the caller's. */
function reading(
  name: string,
  target: (fileId: string) => readonly [method: string, target: string],
  fields: Readonly<Record<string, string>> = {},
): RequestKind {
  return {
    name: `files: ${name}`,
    strict: {},
    async begin(world) {
      const caller = await newUser(world);
      const fileId = await cleanFile(world, caller);
      return new SteadySubject(() => requestOf(world, caller, target(fileId), fields));
    },
  };
}

function plain(name: string, fields: Readonly<Record<string, string>>, content: Buffer): RequestKind {
  return {
    name: `files: ${name}`,
    strict: {},
    async begin(world) {
      const caller = await newUser(world);
      return new CreationSubject(world, caller, () =>
        requestOf(world, caller, ["POST", "/v1/files"], fields, content),
      );
    },
  };
}

const FORM = Buffer.from(
  [
    '--b\r\ncontent-disposition: form-data; name="tags"\r\n\r\na,b\r\n',
    '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\n',
    `${CONTENT.toString("latin1")}\r\n--b--\r\n`,
  ].join(""),
);

async function mint(world: World, userId: string): Promise<UploadGrantResponse> {
  const answer = await ask(await newUser(world, "service"), "/v1/upload-grants", {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify({ userId, maxBytes: 1_000 }),
  });
  expect(answer.status).toBe(201);
  return (await answer.json()) as UploadGrantResponse;
}

const GRANTED = {
  ...APPEND,
  "upload-length": "900",
  "upload-metadata": metadataHeader({ filename: "a.txt" }),
};

/** Who has a grant in the place of a session. */
function holderOf({ tenantId, url }: World, token: string): Caller {
  return {
    tenantId,
    token,
    fetch: (path, init) =>
      fetch(new URL(path, url), { ...init, headers: { authorization: `Bearer ${token}` } }),
  };
}

const KIND_OF_GRANTED: RequestKind = {
  name: "grants: creation by a grant",
  strict: {},
  async begin(world) {
    const { token, fileId } = await mint(world, "granted");
    const holder = holderOf(world, token);
    return new SpentSubject(
      () => requestOf(world, holder, ["POST", "/v1/uploads"], GRANTED, CONTENT),
      async (outcome) => {
        const answer = await ask(holder, `/v1/uploads/${fileId}`, { method: "HEAD" });
        // What a refusal has ended is remembered, and its grant used.
        const expected = isEnd(outcome) ? outcome.answer.status : 404;
        expect(answer.status, "A refused creation left an upload").toBe(expected);
        return expected === 404;
      },
    );
  },
};

const KIND_OF_DELETION: RequestKind = {
  name: "files: deletion",
  strict: {},
  async begin(world) {
    const caller = await newUser(world);
    const fileId = await uploadFile(caller, CONTENT);
    return new SpentSubject(
      () => requestOf(world, caller, ["DELETE", `/v1/files/${fileId}`], {}),
      async () => {
        expect((await ask(caller, `/v1/files/${fileId}`)).status).toBe(200);
        return true;
      },
    );
  },
};

const KIND_OF_SIGNING: RequestKind = {
  name: "signed URLs: signing",
  strict: {},
  async begin(world) {
    const caller = await newUser(world);
    const items = [{ fileId: await cleanFile(world, caller), expiresInSeconds: 60 }];
    const content = Buffer.from(JSON.stringify({ items }));
    return new SteadySubject(() => requestOf(world, caller, ["POST", "/v1/signed-urls"], JSON_TYPE, content));
  },
};

const KIND_OF_DOWNLOAD: RequestKind = {
  name: "signed URLs: download",
  strict: {},
  async begin(world) {
    const caller = await newUser(world);
    const { pathname, search } = new URL(await signUrl(caller, await cleanFile(world, caller)));
    const fields = { host: world.url.host, range: "bytes=0-99", "if-none-match": '"x"' };
    return new SteadySubject(() => wireRequest("GET", pathname + search, fields));
  },
};

const KIND_OF_GRANTING: RequestKind = {
  name: "grants: minting",
  strict: {},
  async begin(world) {
    const caller = await newUser(world, "service");
    const content = Buffer.from(JSON.stringify({ userId: "ann", maxBytes: 5, types: ["text/plain"] }));
    return new SteadySubject(() =>
      requestOf(world, caller, ["POST", "/v1/upload-grants"], JSON_TYPE, content),
    );
  },
};

const HEARTBEAT = {
  ...{ kind: "heartbeat", scanner: "ok", scannerDetail: "Test." },
  ...{ signatureVersion: null, queue: "ok", atMs: 0 },
};

const KIND_OF_REPORT: RequestKind = {
  name: "reports: heartbeat",
  strict: { [REPORT_SIGNATURE_HEADER]: (value, valid) => value === valid },
  async begin(world) {
    const request = await signedReport(world, { ...HEARTBEAT, processorId: randomUUID() });
    return new PassingSubject(() => request);
  },
};

/** So long as a processor has been heard of lately: each time, since nobody knows how long the requests before take. */
const KIND_OF_READINESS: RequestKind = {
  name: "ready",
  strict: {},
  async begin(world) {
    const { url, reportSecret } = world;
    const report = { ...HEARTBEAT, processorId: randomUUID() };
    expect((await sendReport({ url: url.href, reportSecret }, report)).status).toBe(200);
    return new PassingSubject(() => wireRequest("GET", "/ready", { host: url.host }));
  },
};

function open(name: string, path: string): RequestKind {
  return {
    name,
    strict: {},
    begin: (world) =>
      Promise.resolve(new SteadySubject(() => wireRequest("GET", path, { host: world.url.host }))),
  };
}

export const FILE_KINDS: readonly RequestKind[] = [
  plain(
    "a file as a body",
    { "content-type": "text/plain", "content-disposition": 'attachment; filename="a.txt"' },
    CONTENT,
  ),
  plain("a file in a form", { "content-type": "multipart/form-data; boundary=b" }, FORM),
  reading("list", () => ["GET", "/v1/files?limit=5&entityType=deal"]),
  reading("record", (fileId) => ["GET", `/v1/files/${fileId}`]),
  reading("content", (fileId) => ["GET", `/v1/files/${fileId}/content?variant=original&disposition=inline`], {
    range: "bytes=0-99",
    "if-none-match": '"x"',
    "if-range": '"x"',
    "if-modified-since": "Thu, 01 Jan 2026 00:00:00 GMT",
  }),
  reading("size of the content", (fileId) => ["HEAD", `/v1/files/${fileId}/content`]),
  ...[KIND_OF_DELETION, KIND_OF_SIGNING, KIND_OF_DOWNLOAD, KIND_OF_GRANTING, KIND_OF_GRANTED, KIND_OF_REPORT],
  open("health", "/health"),
  KIND_OF_READINESS,
  open("description of the API", "/openapi.json"),
];
