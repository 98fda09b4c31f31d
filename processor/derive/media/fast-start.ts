import { openPlain } from "../../sandbox/scratch.ts";

/** Before the two that are looked for there are two or three; what has more is put together to be long. */
const MAX_BOXES = 100;
const HEADER_BYTES = 16;

/**
 * Whether an MP4 or MOV has what a player needs first (`moov`) before the media (`mdat`), so that it can be played while
 * it is loaded. Undefined where neither is found. Boxes: ISO/IEC 14496-12, 4.2.
 */
export async function readFastStart(path: string): Promise<boolean | undefined> {
  // The one that told what is in the file has seen it.
  await using file = await openPlain(path);
  if (file === undefined) return undefined;
  const header = Buffer.alloc(HEADER_BYTES);
  let position = 0;
  for (let box = 0; box < MAX_BOXES; box++) {
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, position);
    if (bytesRead < 8) return undefined;
    const type = header.toString("latin1", 4, 8);
    if (type === "moov" || type === "mdat") return type === "moov";
    const size = readSize(header, bytesRead);
    if (size === undefined) return undefined;
    position += size;
  }
  return undefined;
}

/** Undefined where it goes on to the end of the file (0), is shorter than a box, or longer than any file. */
function readSize(header: Buffer, bytesRead: number): number | undefined {
  const size = header.readUInt32BE(0);
  if (size >= 8) return size;
  if (size !== 1 || bytesRead < HEADER_BYTES) return undefined;
  const largeSize = Number(header.readBigUInt64BE(8));
  return largeSize >= HEADER_BYTES && Number.isSafeInteger(largeSize) ? largeSize : undefined;
}
