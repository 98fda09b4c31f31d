import { expect, test } from "vitest";
import { TARGET_DEADLINES } from "../../../processor/replicate/call.ts";
import { ReplicaFault } from "../../../processor/replicate/replica-fault.ts";
import type { ReplicaTarget, TargetKind } from "../../../processor/replicate/target.ts";
import { AzureTarget } from "../../../processor/replicate/targets/azure/azure-target.ts";
import { GcsTarget } from "../../../processor/replicate/targets/gcs/gcs-target.ts";
import { S3Target } from "../../../processor/replicate/targets/s3/s3-target.ts";
import { useStarted } from "../../support/started.ts";
import { copyTo, newOriginal, readAll, soon, stateOf } from "./support/copies.ts";
import { type Meddling, startMeddlingProxy } from "./support/meddling-proxy.ts";

/** Nobody is behind it: every answer is its own. */
const service = useStarted(async () => {
  const proxy = await startMeddlingProxy("http://127.0.0.1:1");
  return { proxy, stop: () => proxy.stop() };
});

type CloudKind = Exclude<TargetKind, "directory">;

function create(kind: CloudKind, callMs = TARGET_DEADLINES.callMs): ReplicaTarget {
  const { url } = service.proxy;
  const deadlines = { ...TARGET_DEADLINES, callMs };
  if (kind === "gcs") return new GcsTarget({ name: kind, bucket: "copies", apiEndpoint: url, deadlines });
  if (kind === "azure") {
    const access = { by: "sas", containerUrl: `${url}/account/copies?sig=secret` } as const;
    return new AzureTarget({ name: kind, container: "copies", access, deadlines });
  }
  const credentials = { accessKeyId: "id", secretAccessKey: "secret" };
  const place = { bucket: "copies", region: "auto", endpoint: url, forcePathStyle: true };
  return new S3Target({ name: kind, ...place, credentials, deadlines });
}

function refusal(kind: CloudKind, status: number, code: string, message = "No"): Meddling {
  if (kind === "gcs") {
    const error = { code: status, message, errors: [{ reason: code, message, domain: "global" }] };
    const headers = { "Content-Type": "application/json" };
    return { kind: "answer", status, headers, body: JSON.stringify({ error }) };
  }
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  const headers = { "Content-Type": "application/xml", "x-ms-error-code": code };
  return { kind: "answer", status, headers, body };
}

const SKEW = "Server failed to authenticate the request. Request date header too old: 'Thu, 26 Nov 2026'";

/** As the services word them. */
const REFUSALS: [CloudKind, number, string, string, string?][] = [
  ["s3", 403, "InvalidAccessKeyId", "credentials"],
  ["s3", 403, "AccessDenied", "credentials"],
  ["s3", 404, "NoSuchBucket", "missing-bucket"],
  ["s3", 503, "SlowDown", "throttled"],
  ["s3", 500, "InternalError", "unavailable"],
  ["s3", 403, "RequestTimeTooSkewed", "clock"],
  ["s3", 507, "XMinioStorageFull", "full"],
  ["s3", 400, "BadDigest", "mismatch"],
  ["s3", 400, "InvalidStorageClass", "refused"],
  ["azure", 403, "AuthenticationFailed", "credentials"],
  ["azure", 403, "AuthorizationPermissionMismatch", "credentials"],
  ["azure", 403, "AuthenticationFailed", "clock", SKEW],
  ["azure", 404, "ContainerNotFound", "missing-bucket"],
  ["azure", 503, "ServerBusy", "throttled"],
  ["azure", 500, "InternalError", "unavailable"],
  ["azure", 400, "Md5Mismatch", "mismatch"],
  ["azure", 409, "BlobImmutableDueToPolicy", "refused"],
  ["gcs", 401, "authError", "credentials"],
  ["gcs", 403, "forbidden", "credentials"],
  ["gcs", 404, "notFound", "missing-bucket", "The specified bucket does not exist."],
  ["gcs", 429, "rateLimitExceeded", "throttled"],
  ["gcs", 403, "userRateLimitExceeded", "throttled"],
  ["gcs", 503, "backendError", "unavailable"],
  [
    "gcs",
    400,
    "invalid_grant",
    "clock",
    "invalid_grant: Invalid JWT: Token must be a short-lived token and in a reasonable timeframe",
  ],
  ["gcs", 400, "invalid", "refused"],
];

const rows = REFUSALS.map(([kind, status, code, expected, message]) => ({
  kind,
  status,
  code,
  expected,
  message,
}));

test.each(rows)("$kind: $status $code is $expected", async ({ kind, status, code, expected, message }) => {
  let asked = 0;
  service.proxy.meddle = ({ method, url }) => {
    // There is no object yet; HEAD has no body to tell a code in.
    const isFind = method === "HEAD" || (kind === "gcs" && method === "GET");
    if (isFind) return refusal(kind, 404, kind === "azure" ? "BlobNotFound" : "notFound");
    if (url !== undefined) asked += 1;
    return refusal(kind, status, code, message);
  };
  const outcome = await copyTo(create(kind), newOriginal(5));
  expect(stateOf(outcome)).toBe(expected);
  expect(asked).toBeLessThanOrEqual(3);
});

test.each(["s3", "azure", "gcs"] as const)(
  "%s: who says nothing is unavailable when the deadline has passed",
  async (kind) => {
    service.proxy.meddle = () => ({ kind: "hang" });
    const target = create(kind, 200);
    expect(stateOf(await copyTo(target, newOriginal(5)))).toBe("unavailable");
    await expect(target.read("a", undefined, soon())).rejects.toMatchObject({ kind: "unavailable" });
    await expect(target.remove(["a"], soon())).rejects.toMatchObject({ kind: "unavailable" });
    await expect(target.list("", undefined, soon())).rejects.toMatchObject({ kind: "unavailable" });
  },
);

test.each(["s3", "azure", "gcs"] as const)(
  "%s: a body that is cut isn't taken for a whole one",
  async (kind) => {
    service.proxy.meddle = () => ({
      kind: "answer",
      status: 200,
      headers: { "Content-Length": "10", ETag: '"e"' },
      body: "half",
    });
    const reading = readAll(create(kind, 300), "a");
    await expect(reading).rejects.toMatchObject({ kind: "unavailable" });
  },
);

test("a fault tells people what is wrong, and logs nothing of a key or an address", async () => {
  service.proxy.meddle = () => refusal("azure", 403, "AuthenticationFailed", "sig=secret at http://account");
  const fault = await create("azure")
    .find("Acme/secret-key", soon())
    .catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(ReplicaFault);
  expect(String(fault)).not.toMatch(/secret|http/);
  expect(fault).toMatchObject({
    isPermanent: true,
    sentence: "The target refuses the credentials, or what they may do.",
  });
});
