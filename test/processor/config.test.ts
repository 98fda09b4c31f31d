import { expect, test } from "vitest";
import { parseConfig, removeSecrets, requireScanProvider } from "../../processor/config.ts";
import { PROCESSOR_ENV as VALID } from "./support/processor-env.ts";

function problemsOf(change: Record<string, string | undefined>): readonly string[] {
  const result = parseConfig({ ...VALID, ...change });
  return result.ok ? [] : result.problems;
}

test("defaults are filled in", () => {
  expect(parseConfig({ ...VALID, CLAMAV_HOST: "" })).toEqual({
    ok: true,
    config: {
      ...VALID,
      S3_REGION: "auto",
      S3_FORCE_PATH_STYLE: true,
      QUEUES_BASE_URL: "https://api.cloudflare.com/client/v4",
      VIRUS_SCAN_PROVIDER: "clamav",
      VIRUSTOTAL_BASE_URL: "https://www.virustotal.com/api/v3/",
      VIRUSTOTAL_REQUESTS_PER_MINUTE: 4,
      CLAMAV_HOST: "127.0.0.1",
      CLAMAV_PORT: 3310,
      VISIBILITY_TIMEOUT_SECONDS: 900,
      POLL_MAX_SECONDS: 1,
      SIGNATURES_MAX_AGE_DAYS: 7,
      ALLOW_UNDATED_SIGNATURES: false,
      SCAN_DEADLINE_SECONDS: 300,
      TOOLS_WITHOUT_ISOLATION: false,
      DRAIN_SECONDS: 5,
      LOG_LEVEL: "info",
      METRICS_HOST: "127.0.0.1",
      METRICS_PORT: 0,
      REPLICA_READS_HOST: "127.0.0.1",
      REPLICA_READS_PORT: 3412,
    },
  });
});

test("the first plan's names of the bucket stand in for ours", () => {
  const { S3_BUCKET: _ours, ...others } = VALID;
  const settings = (change: Record<string, string>) => {
    const result = parseConfig({ ...others, ...change });
    return result.ok ? [result.config.S3_BUCKET, result.config.S3_REGION] : result.problems;
  };
  expect(settings({})).toEqual(["S3_BUCKET: is missing"]);
  expect(settings({ AWS_S3_BUCKET: "old" })).toEqual(["old", "auto"]);
  expect(settings({ AWS_S3_BUCKET: "old", AWS_REGION: "eu-west-1" })).toEqual(["old", "eu-west-1"]);
  const ours = { S3_BUCKET: "files", S3_REGION: "weur" };
  expect(settings({ ...ours, AWS_S3_BUCKET: "old", AWS_REGION: "eu-west-1" })).toEqual(["files", "weur"]);
  // As in any of AWS's own containers.
  expect(settings({ S3_BUCKET: "files", AWS_REGION: "eu-west-1" })).toEqual(["files", "auto"]);
});

test.each(["CAUSEWAY_WORKER_URL", "S3_ENDPOINT", "QUEUES_BASE_URL", "VIRUSTOTAL_BASE_URL"])(
  "%s is https, but on this machine and in a network of containers",
  (name) => {
    for (const url of ["https://example.com", "http://127.0.0.1:8787", "http://s3:8333"]) {
      expect(problemsOf({ [name]: url })).toEqual([]);
    }
    const urls = ["http://example.com", "http://127.0.0.1.example.com", "https://me:word@example.com"];
    for (const url of [...urls, "http://me@s3:8333"]) {
      expect(problemsOf({ [name]: url })).toEqual([`${name}: must be https, and without a user's name`]);
    }
  },
);

test("a region is an endpoint of Amazon's, and no endpoint of R2's", () => {
  const { S3_ENDPOINT: _ours, ...others } = VALID;
  const endpointOf = (change: Record<string, string>) => {
    const result = parseConfig({ ...others, ...change });
    return result.ok ? result.config.S3_ENDPOINT : result.problems;
  };
  expect(endpointOf({ S3_REGION: "eu-west-1" })).toBe("https://s3.eu-west-1.amazonaws.com");
  expect(endpointOf({ S3_REGION: "auto" })).toEqual(["S3_ENDPOINT: is missing"]);
});

test.each(["none", "ClamAV"])("the scanner %s isn't there, and that is said", (provider) => {
  expect(problemsOf({ VIRUS_SCAN_PROVIDER: provider })).toEqual([
    expect.stringMatching(/^VIRUS_SCAN_PROVIDER: .*"clamav"\|"virustotal"\|"both"/),
  ]);
});

test.each(["virustotal", "both"])("%s needs a key", (provider) => {
  const missing = "VIRUSTOTAL_API_KEY: is missing, and VIRUS_SCAN_PROVIDER asks for it";
  expect(problemsOf({ VIRUS_SCAN_PROVIDER: provider })).toEqual([missing]);
  expect(problemsOf({ VIRUS_SCAN_PROVIDER: provider, VIRUSTOTAL_API_KEY: "key" })).toEqual([]);
});

test("npm start brings ClamAV only, and says so", () => {
  expect(() => requireScanProvider({ VIRUS_SCAN_PROVIDER: "virustotal" })).toThrow("clamd of its own");
});

test.each([undefined, "", "clamav"])("ClamAV is the scanner where the provider is %j", (provider) => {
  expect(problemsOf({ VIRUS_SCAN_PROVIDER: provider })).toEqual([]);
  expect(() => requireScanProvider({ VIRUS_SCAN_PROVIDER: provider })).not.toThrow();
});

test("every wrong key is named at once, and no value is shown", () => {
  const problems = problemsOf({
    CAUSEWAY_REPORT_SECRET: "too-short-but-secret",
    S3_BUCKET: undefined,
    CLAMAV_PORT: "clamd",
    SCAN_DEADLINE_SECONDS: "541",
  });
  const keys = problems.map((problem) => problem.split(":")[0] ?? "");
  expect(keys.sort()).toEqual([
    "CAUSEWAY_REPORT_SECRET",
    "CLAMAV_PORT",
    "S3_BUCKET",
    "VISIBILITY_TIMEOUT_SECONDS",
  ]);
  expect(problems).toContain("S3_BUCKET: is missing");
  expect(problems.join()).not.toContain("secret");
});

test.each([
  ["CAUSEWAY_WORKER_URL", "localhost:8787"],
  ["CAUSEWAY_REPORT_SECRET", "s".repeat(31)],
  ["CLAMAV_PORT", "0"],
  ["CLAMAV_PORT", "65536"],
  ["SCAN_CONCURRENCY", "0"],
  ["DOCUMENT_CONCURRENCY", "1.5"],
  ["TOOL_MEMORY_MB", "0"],
  ["VISIBILITY_TIMEOUT_SECONDS", "885"],
  ["VISIBILITY_TIMEOUT_SECONDS", "43201"],
  ["POLL_MAX_SECONDS", "0"],
  ["S3_FORCE_PATH_STYLE", "perhaps"],
  ["S3_KMS_KEY_ID", "key"],
  ["S3_OBJECT_TAGS", "aws:mine=1"],
  ["LOG_LEVEL", "loud"],
  ["METRICS_PORT", "-1"],
])("%s=%s is refused", (key, value) => {
  expect(problemsOf({ [key]: value })).toEqual([expect.stringMatching(new RegExp(`^${key}: `))]);
});

test.each([
  ["VISIBILITY_TIMEOUT_SECONDS", "896"],
  ["VISIBILITY_TIMEOUT_SECONDS", "43200"],
  ["CLAMAV_PORT", "65535"],
  ["S3_FORCE_PATH_STYLE", "false"],
])("%s=%s is taken", (key, value) => {
  expect(problemsOf({ [key]: value })).toEqual([]);
});

test("an environment that was read has no secrets any more", () => {
  const env: NodeJS.ProcessEnv = { ...VALID, VIRUSTOTAL_API_KEY: "key", PATH: "/bin" };
  removeSecrets(env);
  expect(Object.keys(env).sort()).toEqual(
    [
      "CAUSEWAY_WORKER_URL",
      "PATH",
      "QUEUES_ACCOUNT_ID",
      "QUEUES_QUEUE_ID",
      "S3_BUCKET",
      "S3_ENDPOINT",
    ].sort(),
  );
});
