import { beforeAll, expect, inject, test } from "vitest";
import type { ErrorCode } from "#contract/errors.ts";
import { ERRORS } from "#contract/errors.ts";
import { REPORT_SIGNATURE_HEADER, REPORTS_PATH, signReport } from "#contract/reports.ts";
import {
  APPEND,
  creationHeaders,
  newCaller,
  readProblem,
  sharedStack,
  signUrl,
  TUS,
  uploadFile,
  waitForVerdict,
} from "../support/api.ts";
import { storedEtagOf } from "../support/stored-etag.ts";
import { createByTus, mint } from "../support/upload-grants.ts";

/**
 * One of each kind of credential, all of one tenant and about one file, and a request for each place where one of them
 * is expected. A place is tried with its own credential, and then with each of the others in every way it can be shown.
 */
interface Credentials {
  /** The file's owner. */
  readonly session: string;
  readonly service: string;
  readonly grant: string;
  /** Path and query of the signed URL. */
  readonly signedUrl: URL;
  readonly report: { readonly body: string; readonly signature: string };
  readonly fileId: string;
  /** An unfinished upload of the owner's, and the one that the grant is for. */
  readonly upload: string;
  readonly grantedUpload: string;
}

let all: Credentials;

beforeAll(async () => {
  const owner = await newCaller();
  const backend = await newCaller({ tenantId: owner.tenantId, user: "crm", role: "service" });
  const fileId = await uploadFile(owner, Buffer.from("hello"));
  const record = await waitForVerdict(owner, fileId);
  const body = JSON.stringify({
    ...{ kind: "start", tenantId: owner.tenantId, fileId, version: 1, sizeBytes: record.sizeBytes },
    etag: storedEtagOf("hello"),
  });
  const creation = await owner.fetch("/v1/uploads", { method: "POST", headers: creationHeaders(5) });
  const grant = await mint({}, backend);
  await createByTus(grant);
  all = {
    ...{ session: owner.token, service: backend.token, grant: grant.token, fileId },
    signedUrl: new URL(await signUrl(owner, fileId)),
    report: { body, signature: await signReport(inject("reportSecret"), body, Date.now()) },
    upload: creation.headers.get("location") ?? "",
    grantedUpload: `/v1/uploads/${grant.fileId}`,
  };
});

interface Shown {
  readonly bearer?: string;
  readonly query?: URLSearchParams;
  readonly signature?: string;
}

function send(path: string, init: RequestInit, { bearer, query, signature }: Shown): Promise<Response> {
  const url = new URL(path, sharedStack().url);
  for (const [name, value] of query ?? []) url.searchParams.set(name, value);
  const headers = new Headers(init.headers);
  if (bearer !== undefined) headers.set("authorization", `Bearer ${bearer}`);
  if (signature !== undefined) headers.set(REPORT_SIGNATURE_HEADER, signature);
  return fetch(url, { ...init, headers });
}

function asJson(content: object): RequestInit {
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(content),
  };
}

const PLAIN = { "content-disposition": 'attachment; filename="a.txt"', "content-type": "text/plain" };

/** Requests that take a session: path and what is sent. */
const SESSION_PLACES: Readonly<Record<string, () => [string, RequestInit]>> = {
  list: () => ["/v1/files", {}],
  record: () => [`/v1/files/${all.fileId}`, {}],
  content: () => [`/v1/files/${all.fileId}/content`, {}],
  "plain upload": () => ["/v1/files", { method: "POST", headers: PLAIN, body: "hello" }],
  signing: () => ["/v1/signed-urls", asJson({ items: [{ fileId: all.fileId }] })],
};

/** Requests that take a session or the grant of that upload. */
const UPLOAD_PLACES: Readonly<Record<string, () => [string, RequestInit]>> = {
  creation: () => ["/v1/uploads", { method: "POST", headers: creationHeaders(5) }],
  state: () => [all.upload, { method: "HEAD", headers: TUS }],
  append: () => [all.upload, { method: "PATCH", headers: { ...APPEND, "upload-offset": "0" } }],
};

/** Everything that is no token for people, shown in all the ways there are. */
function notForPeople(): [string, Shown, ErrorCode][] {
  const { signedUrl, report } = all;
  const sig = signedUrl.searchParams.get("sig") ?? "";
  return [
    ["nothing", {}, "TOKEN_MISSING"],
    ["a signed URL's query", { query: signedUrl.searchParams }, "TOKEN_MISSING"],
    ["a signed URL's signature as a token", { bearer: sig }, "TOKEN_INVALID"],
    ["a signed URL's query as a token", { bearer: btoa(signedUrl.search) }, "TOKEN_INVALID"],
    ["a report's signature", { signature: report.signature }, "TOKEN_MISSING"],
    ["a report's signature as a token", { bearer: report.signature.split("v1=")[1] ?? "" }, "TOKEN_INVALID"],
  ];
}

async function expectRefused(answer: Response, code: ErrorCode, what: string): Promise<void> {
  expect(answer.status, what).toBe(ERRORS[code].status);
  // An answer to HEAD has no body that could tell more.
  if (answer.body === null) return;
  expect((await readProblem(answer)).code, what).toBe(code);
}

test.each(Object.keys(SESSION_PLACES))(
  "%s takes a session or a service token, and nothing else",
  async (name) => {
    const [path, init] = SESSION_PLACES[name]?.() ?? ["", {}];
    expect((await send(path, init, { bearer: all.session })).ok).toBe(true);
    expect((await send(path, init, { bearer: all.service })).ok).toBe(true);
    const others: [string, Shown, ErrorCode][] = [
      ["a grant", { bearer: all.grant }, "GRANT_SCOPE"],
      ...notForPeople(),
    ];
    for (const [what, shown, code] of others) await expectRefused(await send(path, init, shown), code, what);
  },
);

test.each(Object.keys(UPLOAD_PLACES))(
  "an upload's %s takes a session or its grant, and nothing else",
  async (name) => {
    const [path, init] = UPLOAD_PLACES[name]?.() ?? ["", {}];
    expect((await send(path, init, { bearer: all.session })).ok).toBe(true);
    const granted = name === "creation" ? undefined : all.grantedUpload;
    if (granted !== undefined) expect((await send(granted, init, { bearer: all.grant })).ok).toBe(true);
    for (const [what, shown, code] of notForPeople())
      await expectRefused(await send(path, init, shown), code, what);
    // Another upload than the grant's own.
    if (granted !== undefined) expect((await send(path, init, { bearer: all.grant })).status).toBe(404);
  },
);

test("minting grants takes a service token", async () => {
  const request = asJson({});
  const path = "/v1/upload-grants";
  expect((await send(path, request, { bearer: all.service })).status).toBe(201);
  const others: [string, Shown, ErrorCode][] = [
    ["a session", { bearer: all.session }, "ROLE_REQUIRED"],
    ["a grant", { bearer: all.grant }, "GRANT_SCOPE"],
    ...notForPeople(),
  ];
  for (const [what, shown, code] of others) await expectRefused(await send(path, request, shown), code, what);
});

test("a download takes a signed URL, and nothing else", async () => {
  const { pathname: path, searchParams: query } = all.signedUrl;
  const withSig = (sig: string) => new URLSearchParams({ ...Object.fromEntries(query), sig });
  const hex = all.report.signature.split("v1=")[1] ?? "";
  expect((await send(path, {}, { query })).status).toBe(200);
  const unsigned = new URLSearchParams(query);
  unsigned.delete("sig");
  const others: [string, Shown][] = [
    ["nothing", { query: unsigned }],
    ["a session", { query: unsigned, bearer: all.session }],
    ["a service token", { query: unsigned, bearer: all.service }],
    ["a grant", { query: unsigned, bearer: all.grant }],
    ["a session for a signature", { query: withSig(all.session) }],
    ["a session's signature", { query: withSig(all.session.split(".")[2] ?? "") }],
    ["a grant's signature", { query: withSig(all.grant.split(".")[2] ?? "") }],
    ["a report's signature", { query: withSig(Buffer.from(hex, "hex").toString("base64url")) }],
    ["a report's signature as it is", { query: unsigned, signature: all.report.signature }],
  ];
  for (const [what, shown] of others) {
    await expectRefused(await send(path, {}, shown), "SIGNATURE_INVALID", what);
  }
});

test("a report takes its signature, and nothing else", async () => {
  const { body, signature } = all.report;
  const time = signature.split(",")[0] ?? "";
  const asHex = (text: string | null) => `${time},v1=${Buffer.from(text ?? "", "base64url").toString("hex")}`;
  const request = { method: "POST", body };
  expect((await send(REPORTS_PATH, request, { signature })).status).toBe(200);
  const others: [string, Shown][] = [
    ["nothing", {}],
    ["a session", { bearer: all.session }],
    ["a service token", { bearer: all.service }],
    ["a grant", { bearer: all.grant }],
    ["a session as its signature", { signature: all.session }],
    ["a session's signature", { signature: asHex(all.session.split(".")[2] ?? "") }],
    ["a grant's signature", { signature: asHex(all.grant.split(".")[2] ?? "") }],
    ["a signed URL", { query: all.signedUrl.searchParams }],
    ["a signed URL's signature", { signature: asHex(all.signedUrl.searchParams.get("sig")) }],
  ];
  for (const [what, shown] of others) {
    await expectRefused(await send(REPORTS_PATH, request, shown), "SIGNATURE_INVALID", what);
  }
});

/** A token whose claims are others, with the signature that it had. */
function withTenant(token: string, tenant: string): string {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as { tenant: string };
  const changed = JSON.stringify({ ...claims, tenant });
  return [header, Buffer.from(changed).toString("base64url"), signature].join(".");
}

/** The request that each kind of credential is for, by the credential's tenant. */
const BY_TENANT: Readonly<Record<string, [(tenant: string) => Promise<Response>, ErrorCode]>> = {
  session: [(tenant) => send("/v1/files", {}, { bearer: withTenant(all.session, tenant) }), "TOKEN_INVALID"],
  "service token": [
    (tenant) => send("/v1/upload-grants", asJson({}), { bearer: withTenant(all.service, tenant) }),
    "TOKEN_INVALID",
  ],
  "upload grant": [
    (tenant) =>
      send(all.grantedUpload, { headers: TUS, method: "DELETE" }, { bearer: withTenant(all.grant, tenant) }),
    "TOKEN_INVALID",
  ],
  "signed URL": [
    (tenant) => {
      const query = new URLSearchParams({ ...Object.fromEntries(all.signedUrl.searchParams), t: tenant });
      return send(all.signedUrl.pathname, {}, { query });
    },
    "SIGNATURE_INVALID",
  ],
  report: [
    (tenant) => {
      const body = JSON.stringify({ ...(JSON.parse(all.report.body) as object), tenantId: tenant });
      return send(REPORTS_PATH, { method: "POST", body }, { signature: all.report.signature });
    },
    "SIGNATURE_INVALID",
  ],
};

test.each(Object.entries(BY_TENANT))(
  "a %s says its tenant where it is signed",
  async (_kind, [request, code]) => {
    const victim = await newCaller();
    const { tenant } = JSON.parse(Buffer.from(all.session.split(".")[1] ?? "", "base64url").toString()) as {
      tenant: string;
    };
    await expectRefused(await request(victim.tenantId), code, "another tenant");
    await expectRefused(await request(tenant.toUpperCase()), code, "the tenant in capitals");
    const answer = await request(tenant);
    expect(answer.ok, await answer.text()).toBe(true);
  },
);
