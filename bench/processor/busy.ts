import { randomBytes } from "node:crypto";
import type { Row } from "../section.ts";
import { atMost } from "../targets.ts";
import { letter, phonePhoto, unlike } from "./files.ts";
import type { ProcessorLoad } from "./load.ts";
import { isChecked, isSettled, type RunningStack } from "./running-stack.ts";

const SCAN_RATIO = 1.5;
const THUMBNAIL_SECONDS = 1;

/** Of numbers in any order. */
function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

/** Milliseconds from a small file's last byte to its verdict, of so many, one after the other. */
async function timeScans(stack: RunningStack, probes: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < probes; index += 1) {
    // Nothing is made of a mail.
    const fileId = await stack.upload("small.eml", mail());
    const startedAtMs = performance.now();
    await stack.untilRecord(fileId, isChecked);
    times.push(performance.now() - startedAtMs);
  }
  return times;
}

function mail(): Buffer {
  return Buffer.from(`Subject: ${randomBytes(8).toString("hex")}\r\n\r\nhello\r\n`);
}

/** Seconds from a photo's last byte to its thumbnail. */
async function timeThumbnail(stack: RunningStack, photo: Buffer): Promise<number> {
  const fileId = await stack.upload("photo.jpg", unlike(photo));
  const startedAtMs = performance.now();
  await stack.untilRecord(fileId, ({ derivatives }) => derivatives.some(({ name }) => name === "thumbnail"));
  return (performance.now() - startedAtMs) / 1000;
}

/** What others wait for while Office files are converted: the scan of a small file, and a photo's thumbnail. */
export async function measureBusy(
  stack: RunningStack,
  { officeFiles, probes, runs }: ProcessorLoad,
): Promise<readonly Row[]> {
  const photo = await phonePhoto();
  await timeThumbnail(stack, photo);
  const idle = await timeScans(stack, probes);
  const office = await Promise.all(
    Array.from({ length: officeFiles }, () => stack.upload("letter.docx", letter())),
  );
  const coming = await timeScans(stack, Math.ceil(probes / 4));
  // From then on they are converted: until then they are scans that others wait behind, as behind any.
  await Promise.all(office.map((fileId) => stack.untilRecord(fileId, isChecked)));
  const busy = await timeScans(stack, probes);
  const thumbnails: number[] = [];
  for (let run = 0; run < runs; run += 1) thumbnails.push(await timeThumbnail(stack, photo));
  const thumbnailSeconds = percentile(thumbnails, 0.5);
  const left = await stillWaiting(stack, office);
  await Promise.all(office.map((fileId) => stack.untilRecord(fileId, isSettled)));
  const [idleMs, comingMs, busyMs] = [
    percentile(idle, 0.95),
    percentile(coming, 0.95),
    percentile(busy, 0.95),
  ];
  const scan = `scan of a small file while ${officeFiles} Office files convert, p95 over idle`;
  const thumbnail = `thumbnail of a 12 MP JPEG while ${officeFiles} Office files wait`;
  return [
    {
      figure: `scan of a small file while ${officeFiles} Office files are looked into, p95 over idle`,
      measured: `${comingMs.toFixed(0)} ms over ${idleMs.toFixed(0)} ms`,
    },
    {
      figure: scan,
      measured: `${busyMs.toFixed(0)} ms over ${idleMs.toFixed(0)} ms`,
      target: atMost({ figure: scan, unit: "×", limit: SCAN_RATIO, measured: busyMs / idleMs }),
    },
    {
      figure: thumbnail,
      measured: `${thumbnailSeconds.toFixed(2)} s, ${left} still waited then`,
      target: atMost({ figure: thumbnail, unit: "s", limit: THUMBNAIL_SECONDS, measured: thumbnailSeconds }),
    },
  ];
}

async function stillWaiting(stack: RunningStack, fileIds: readonly string[]): Promise<number> {
  const records = await Promise.all(fileIds.map((fileId) => stack.untilRecord(fileId, () => true)));
  return records.filter((record) => !isSettled(record)).length;
}
