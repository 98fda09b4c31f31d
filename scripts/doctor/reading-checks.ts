import type { Check, TestedBucket } from "./check.ts";
import { fine, fineIf, told, unusable, workedAround } from "./check.ts";

/** Ranges and conditions of reads. */

const TEXT = "0123456789";

async function read(bucket: TestedBucket, headers: Readonly<Record<string, string>>) {
  const key = bucket.newKey();
  await bucket.put(key, TEXT);
  const answer = await bucket.ask({ method: "GET", key, headers });
  return { answer, text: new TextDecoder().decode(answer.bytes) };
}

async function checkRange(bucket: TestedBucket) {
  const { answer, text } = await read(bucket, { Range: "bytes=3-5" });
  const isRight = text === "345" && answer.headers.get("Content-Range") === "bytes 3-5/10";
  return fineIf(answer.status === 206 && isRight, `${answer.status}, ${answer.headers.get("Content-Range")}`);
}

async function checkSuffix(bucket: TestedBucket) {
  const { answer, text } = await read(bucket, { Range: "bytes=-3" });
  // What is asked of the product is turned into a range from a byte to a byte.
  return fineIf(answer.status === 206 && text === "789", told(answer), workedAround);
}

async function checkUnsatisfiable(bucket: TestedBucket) {
  const { answer } = await read(bucket, { Range: "bytes=10-20" });
  return fineIf(answer.status === 416, told(answer), workedAround);
}

async function checkMatch(bucket: TestedBucket) {
  const key = bucket.newKey();
  const etag = await bucket.put(key, TEXT);
  const same = await bucket.ask({ method: "GET", key, headers: { "If-Match": etag } });
  if (same.status !== 200) return unusable(`its own etag: ${told(same)}`);
  const other = await bucket.ask({ method: "GET", key, headers: { "If-Match": '"0123456789abcdef"' } });
  return fineIf(other.status === 412, `another etag: ${told(other)}`);
}

async function checkRangeOfMatch(bucket: TestedBucket) {
  const { answer } = await read(bucket, { "If-Match": '"0123456789abcdef"', Range: "bytes=0-1" });
  return fineIf(answer.status === 412, `another etag and a range: ${told(answer)}`);
}

async function checkNoneMatch(bucket: TestedBucket) {
  const key = bucket.newKey();
  const etag = await bucket.put(key, TEXT);
  const answer = await bucket.ask({ method: "GET", key, headers: { "If-None-Match": etag } });
  return fineIf(answer.status === 304, `its own etag: ${told(answer)}`, workedAround);
}

async function checkCompression(bucket: TestedBucket) {
  const key = bucket.newKey();
  await bucket.put(key, TEXT.repeat(1_000), { "Content-Type": "text/plain" });
  const { headers, bytes } = await bucket.ask({ method: "GET", key });
  const coding = headers.get("Content-Encoding");
  if (bytes.byteLength !== 10_000 || headers.get("Content-Length") !== "10000") {
    return unusable(`${coding ?? "plain"}, ${headers.get("Content-Length") ?? "no"} bytes said`);
  }
  return fine("text comes as it is, with its length");
}

export const READING_CHECKS: readonly Check[] = [
  { name: "a range", run: checkRange },
  { name: "the last bytes", run: checkSuffix },
  { name: "a range that isn't there", run: checkUnsatisfiable },
  { name: "If-Match", run: checkMatch },
  { name: "If-Match of a range", run: checkRangeOfMatch },
  { name: "If-None-Match", run: checkNoneMatch },
  { name: "nothing is compressed", run: checkCompression },
];
