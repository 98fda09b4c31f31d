import { createHash, randomBytes } from "node:crypto";
import { S3Client } from "../../worker/storage/s3/client.ts";
import { childrenOf, formatRemovals, textOf } from "../../worker/storage/s3/xml.ts";
import type { Answer, Check, TestedBucket } from "./check.ts";
import { fine, fineIf, requireOk, toBytes, told, unusable, workedAround } from "./check.ts";

/** Clocks, signatures, and what is done with whole objects. */

/** S3 refuses requests that are signed a quarter of an hour before or after ("RequestTimeTooSkewed"). */
const MAX_SKEW_SECONDS = 15 * 60;
const TEN = "0123456789";

async function checkClock(bucket: TestedBucket) {
  const { headers } = await bucket.ask({ method: "GET", query: { "list-type": "2", "max-keys": "1" } });
  const theirs = Date.parse(headers.get("Date") ?? "");
  if (Number.isNaN(theirs)) return workedAround("no Date in its answers");
  const seconds = Math.round(Math.abs(Date.now() - theirs) / 1000);
  const seen = `${seconds} s from this machine's`;
  if (seconds > MAX_SKEW_SECONDS / 2) return unusable(seen);
  return seconds > 60 ? workedAround(seen) : fine(seen);
}

async function checkSignature(bucket: TestedBucket) {
  const stranger = new S3Client({ ...bucket.config, secretAccessKey: "not-the-secret" });
  const answer = await bucket.ask({ method: "GET", query: { "list-type": "2" } }, stranger);
  return fineIf(answer.status === 403, `a wrong secret: ${told(answer)}`);
}

async function checkEmpty(bucket: TestedBucket) {
  const key = bucket.newKey();
  await bucket.put(key, "");
  const { headers, status } = await bucket.ask({ method: "HEAD", key });
  return fineIf(status === 200 && headers.get("Content-Length") === "0", `HEAD: ${status}`);
}

async function checkWritten(bucket: TestedBucket) {
  const key = bucket.newKey();
  const etags = [await bucket.put(key, "first")];
  etags.push(await bucket.put(`${key}-other`, "first"));
  const read = await bucket.ask({ method: "GET", key });
  const isRight = new TextDecoder().decode(read.bytes) === "first" && read.headers.get("ETag") === etags[0];
  return fineIf(isRight && etags[0] !== "", `read at once: ${told(read)}`);
}

async function checkContentType(bucket: TestedBucket) {
  const key = bucket.newKey();
  await bucket.put(key, TEN, { "Content-Type": "image/webp" });
  const type = (await bucket.ask({ method: "HEAD", key })).headers.get("Content-Type") ?? "none";
  return fineIf(type === "image/webp", type, workedAround);
}

/** R2: "concurrent writes to the same object name are limited to 1 per second". */
async function checkRewriting(bucket: TestedBucket) {
  const key = bucket.newKey();
  const answers: Answer[] = [];
  for (const body of ["a", "b", "c"])
    answers.push(await bucket.ask({ method: "PUT", key, body: toBytes(body) }));
  const refused = answers.find(({ status }) => status !== 200);
  if (refused !== undefined) return workedAround(`three at once: ${told(refused)}`);
  const last = await bucket.ask({ method: "GET", key });
  return fineIf(new TextDecoder().decode(last.bytes) === "c", "three at once are taken, the last is read");
}

async function checkConditionalPut(bucket: TestedBucket) {
  const key = bucket.newKey();
  await bucket.put(key, "first");
  const again = await bucket.ask({
    method: "PUT",
    key,
    headers: { "If-None-Match": "*" },
    body: toBytes("b"),
  });
  // Each attempt has a key of its own, so that nothing hangs on it.
  return fineIf(again.status === 412, `If-None-Match: * on what is there: ${told(again)}`, workedAround);
}

async function checkKeys(bucket: TestedBucket) {
  const names = ["a b", "a+b", "c&d<e>", "é漢", "'()*!~", "%41", "q?x=#y", "dots/../in"];
  const wrong: string[] = [];
  for (const name of names) {
    const key = `${bucket.prefix}keys/${name}`;
    const stored = await bucket.ask({ method: "PUT", key, body: toBytes(name) });
    const read = await bucket.ask({ method: "GET", key });
    if (stored.status !== 200 || new TextDecoder().decode(read.bytes) !== name) wrong.push(name);
  }
  // Ours are of letters, digits, dots, dashes and slashes.
  const seen = wrong.length === 0 ? `${names.length} odd keys` : `not as they are: ${wrong.join("  ")}`;
  return fineIf(wrong.length === 0, seen, workedAround);
}

async function checkMissing(bucket: TestedBucket) {
  const answer = await bucket.ask({ method: "GET", key: bucket.newKey() });
  const hint = answer.status === 403 ? ": s3:ListBucket is missing" : "";
  return fineIf(answer.code === "NoSuchKey", `${told(answer)}${hint}`);
}

async function checkMissingBucket(bucket: TestedBucket) {
  const elsewhere = { ...bucket.config, bucket: `causeway-${randomBytes(8).toString("hex")}` };
  const answer = await bucket.ask({ method: "GET", key: "none" }, new S3Client(elsewhere));
  const seen = told(answer);
  if (answer.code === "NoSuchKey") return unusable(`${seen}: looks like a missing object`);
  return fineIf(answer.code === "NoSuchBucket" || answer.status === 403, seen, workedAround);
}

async function checkDelete(bucket: TestedBucket) {
  const key = bucket.newKey();
  await bucket.put(key, TEN);
  const [first, second] = [
    await bucket.ask({ method: "DELETE", key }),
    await bucket.ask({ method: "DELETE", key }),
  ];
  const after = await bucket.ask({ method: "HEAD", key });
  if (after.status !== 404 || first.status >= 300)
    return unusable(`DELETE: ${told(first)}, then ${after.status}`);
  const isQuiet = second.status < 300 || second.code === "NoSuchKey";
  return fineIf(isQuiet, `again: ${told(second)}`);
}

async function checkDeleteMany(bucket: TestedBucket) {
  const keys = [bucket.newKey(), bucket.newKey()];
  for (const key of keys) await bucket.put(key, TEN);
  const body = formatRemovals([...keys, bucket.newKey()]);
  const headers = { "Content-MD5": createHash("md5").update(body).digest("base64") };
  const answer = await bucket.ask({ method: "POST", query: { delete: "" }, headers, body });
  const left = await Promise.all(keys.map((key) => bucket.ask({ method: "HEAD", key })));
  return fineIf(
    left.every(({ status }) => status === 404),
    `two and one that isn't there: ${told(answer)}`,
  );
}

async function checkList(bucket: TestedBucket) {
  const prefix = `${bucket.newKey()}/`;
  const keys = ["B", "a", "a/b", "é"].map((name) => `${prefix}${name}`);
  for (const key of keys) await bucket.put(key, TEN);
  const query = { "list-type": "2", prefix, "encoding-type": "url" };
  const { root } = requireOk(await bucket.ask({ method: "GET", query }), "ListObjectsV2");
  const contents = root === undefined ? [] : childrenOf(root, "Contents");
  const listed = contents.map((each) => decodeURIComponent(textOf(each, "Key") ?? ""));
  const isRight = listed.join() === keys.join() && contents.every((each) => textOf(each, "Size") === "10");
  return fineIf(isRight, `${listed.length} of 4 at once, in order: ${isRight ? "yes" : "no"}`);
}

async function checkPages(bucket: TestedBucket) {
  const prefix = `${bucket.newKey()}/`;
  for (const name of ["1", "2"]) await bucket.put(`${prefix}${name}`, "");
  const query = { "list-type": "2", prefix, "max-keys": "1" };
  const { root } = requireOk(await bucket.ask({ method: "GET", query }), "ListObjectsV2");
  const isCut = root !== undefined && textOf(root, "IsTruncated") === "true";
  return fineIf(isCut, `one of two: ${isCut ? "says that there is more" : "says nothing of the other"}`);
}

async function checkDigest(bucket: TestedBucket) {
  const wrong = createHash("md5").update("other").digest("base64");
  const headers = { "Content-MD5": wrong };
  const answer = await bucket.ask({ method: "PUT", key: bucket.newKey(), headers, body: toBytes(TEN) });
  return fineIf(answer.code === "BadDigest", `a wrong Content-MD5: ${told(answer)}`, workedAround);
}

async function checkChecksum(bucket: TestedBucket) {
  const wrong = createHash("sha256").update("other").digest("base64");
  const amzHeaders = { "x-amz-checksum-sha256": wrong };
  const answer = await bucket.ask({ method: "PUT", key: bucket.newKey(), amzHeaders, body: toBytes(TEN) });
  return fineIf(answer.status >= 400, `a wrong x-amz-checksum-sha256: ${told(answer)}`, workedAround);
}

export const OBJECT_CHECKS: readonly Check[] = [
  { name: "clock", run: checkClock },
  { name: "signatures are checked", run: checkSignature },
  { name: "a bucket that isn't there", run: checkMissingBucket },
  { name: "an object that isn't there", run: checkMissing },
  { name: "what was written is read", run: checkWritten },
  { name: "an object of no bytes", run: checkEmpty },
  { name: "the type is kept", run: checkContentType },
  { name: "one key, several writes a second", run: checkRewriting },
  { name: "conditional writes", run: checkConditionalPut },
  { name: "characters of keys", run: checkKeys },
  { name: "removing, and again", run: checkDelete },
  { name: "removing many", run: checkDeleteMany },
  { name: "lists", run: checkList },
  { name: "pages of lists", run: checkPages },
  { name: "Content-MD5", run: checkDigest },
  { name: "checksums", run: checkChecksum },
];
