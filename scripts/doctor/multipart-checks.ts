import { childrenOf, formatParts } from "../../worker/storage/s3/xml.ts";
import type { Answer, Check, TestedBucket } from "./check.ts";
import { fine, fineIf, requireEtag, requireOk, told, unusable, workedAround } from "./check.ts";

/** What an upload in parts relies on. */

/** S3's and R2's least size of a part that isn't the last. */
const PART_BYTES = 5 * 1024 * 1024;

interface Begun {
  readonly key: string;
  readonly uploadId: string;
}

interface Part {
  readonly partNumber: number;
  readonly etag: string;
}

function send(bucket: TestedBucket, { key, uploadId }: Begun, number: number, sizeBytes: number) {
  const query = { partNumber: String(number), uploadId };
  return bucket.ask({ method: "PUT", key, query, body: new Uint8Array(sizeBytes).fill(number) });
}

async function sendPart(
  bucket: TestedBucket,
  begun: Begun,
  number: number,
  sizeBytes = PART_BYTES,
): Promise<Part> {
  const etag = requireEtag(await send(bucket, begun, number, sizeBytes), "UploadPart");
  return { partNumber: number, etag: etag.replaceAll('"', "") };
}

function complete(bucket: TestedBucket, { key, uploadId }: Begun, parts: readonly Part[]): Promise<Answer> {
  return bucket.ask({ method: "POST", key, query: { uploadId }, body: formatParts(parts) });
}

function abort(bucket: TestedBucket, { key, uploadId }: Begun): Promise<Answer> {
  return bucket.ask({ method: "DELETE", key, query: { uploadId } });
}

async function sizeOf(bucket: TestedBucket, key: string): Promise<number> {
  return Number((await bucket.ask({ method: "HEAD", key })).headers.get("Content-Length"));
}

async function checkEqualParts(bucket: TestedBucket) {
  const begun = await bucket.begin();
  const parts = [
    await sendPart(bucket, begun, 1),
    await sendPart(bucket, begun, 2),
    await sendPart(bucket, begun, 3, 1),
  ];
  requireOk(await complete(bucket, begun, parts), "CompleteMultipartUpload");
  const sizeBytes = await sizeOf(bucket, begun.key);
  return fineIf(sizeBytes === 2 * PART_BYTES + 1, `5 MiB, 5 MiB and a byte: ${sizeBytes} bytes`);
}

async function checkGaps(bucket: TestedBucket) {
  const begun = await bucket.begin();
  const parts = [await sendPart(bucket, begun, 2), await sendPart(bucket, begun, 9, 7)];
  await sendPart(bucket, begun, 4);
  const answer = await complete(bucket, begun, parts);
  const sizeBytes = await sizeOf(bucket, begun.key);
  return fineIf(sizeBytes === PART_BYTES + 7, `parts 2 and 9 of 2, 4 and 9: ${told(answer)}`);
}

async function checkUnequalParts(bucket: TestedBucket) {
  const begun = await bucket.begin();
  const parts = [
    await sendPart(bucket, begun, 1, PART_BYTES + 1),
    await sendPart(bucket, begun, 2),
    await sendPart(bucket, begun, 3, 1),
  ];
  const answer = await complete(bucket, begun, parts);
  const seen = `parts of two sizes: ${told(answer)}`;
  // Ours are equal: that they have to be, as R2 wants it, is nothing to work around.
  if (answer.status < 500 && answer.code !== "") return fine(seen);
  const sizeBytes = await sizeOf(bucket, begun.key);
  return fineIf(sizeBytes === 2 * PART_BYTES + 2, `${seen}, ${sizeBytes} bytes`, workedAround);
}

async function checkLatePart(bucket: TestedBucket) {
  const begun = await bucket.begin();
  const part = await sendPart(bucket, begun, 1, 10);
  requireOk(await complete(bucket, begun, [part]), "CompleteMultipartUpload");
  const late = await send(bucket, begun, 2, 10);
  const sizeBytes = await sizeOf(bucket, begun.key);
  if (sizeBytes !== 10) return unusable(`it changed what was complete: ${sizeBytes} bytes`);
  return fineIf(late.code === "NoSuchUpload", `after completion: ${told(late)}`, workedAround);
}

async function checkReplacedPart(bucket: TestedBucket) {
  const begun = await bucket.begin();
  const first = await sendPart(bucket, begun, 1, 10);
  await sendPart(bucket, begun, 1, 11);
  const answer = await complete(bucket, begun, [first]);
  // A number is used for one attempt only, for just this.
  return fineIf(
    answer.code === "InvalidPart",
    `a part that was sent anew, by its old etag: ${told(answer)}`,
    workedAround,
  );
}

async function checkCompleteTwice(bucket: TestedBucket) {
  const begun = await bucket.begin();
  const parts = [await sendPart(bucket, begun, 1, 10)];
  requireOk(await complete(bucket, begun, parts), "CompleteMultipartUpload");
  const again = await complete(bucket, begun, parts);
  return fineIf(again.code === "NoSuchUpload" || again.status === 200, told(again));
}

async function checkWrongPart(bucket: TestedBucket) {
  const begun = await bucket.begin();
  await sendPart(bucket, begun, 1, 10);
  const answer = await complete(bucket, begun, [{ partNumber: 1, etag: "0".repeat(32) }]);
  await abort(bucket, begun);
  return fineIf(answer.code === "InvalidPart", `another etag: ${told(answer)}`);
}

async function checkSmallPart(bucket: TestedBucket) {
  const begun = await bucket.begin();
  const parts = [await sendPart(bucket, begun, 1, 10), await sendPart(bucket, begun, 2, 10)];
  const answer = await complete(bucket, begun, parts);
  await abort(bucket, begun);
  const isRefused = answer.code === "EntityTooSmall" || answer.code === "InvalidPart";
  return fineIf(isRefused, `two parts of ten bytes: ${told(answer)}`, workedAround);
}

async function checkAbort(bucket: TestedBucket) {
  const begun = await bucket.begin();
  await sendPart(bucket, begun, 1, 10);
  requireOk(await abort(bucket, begun), "AbortMultipartUpload");
  const [again, part] = [await abort(bucket, begun), await send(bucket, begun, 2, 10)];
  if (part.status < 400) return unusable(`a part afterwards: ${told(part)}`);
  // Such an upload waits for what never comes, until it ends by itself.
  if (part.code !== "NoSuchUpload") return workedAround(`a part afterwards: ${told(part)}`);
  return fineIf(again.code === "NoSuchUpload" || again.status === 204, `again: ${told(again)}`);
}

async function checkListParts(bucket: TestedBucket) {
  const begun = await bucket.begin();
  await sendPart(bucket, begun, 3, 10);
  const { key, uploadId } = begun;
  const answer = await bucket.ask({ method: "GET", key, query: { uploadId } });
  await abort(bucket, begun);
  const numbers = answer.root === undefined ? [] : childrenOf(answer.root, "Part");
  // Which parts there are is written down where the upload is.
  return fineIf(numbers.length === 1, `${told(answer)}, ${numbers.length} of one`, workedAround);
}

export const MULTIPART_CHECKS: readonly Check[] = [
  { name: "equal parts and a smaller last", run: checkEqualParts },
  { name: "gaps, and parts that aren't listed", run: checkGaps },
  { name: "parts of several sizes", run: checkUnequalParts },
  { name: "a part that comes late", run: checkLatePart },
  { name: "a part's number twice", run: checkReplacedPart },
  { name: "completing twice", run: checkCompleteTwice },
  { name: "a part with another etag", run: checkWrongPart },
  { name: "parts that are too small", run: checkSmallPart },
  { name: "aborting, and again", run: checkAbort },
  { name: "ListParts", run: checkListParts },
];
