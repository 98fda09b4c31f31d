import { randomBytes } from "node:crypto";

function box(type: string, payloadBytes: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(payloadBytes + 8, 0);
  header.write(type, 4, "latin1");
  return header;
}

/** An MP4 container of the given size, with noise for media: enough to be what it says it is to whoever looks at it. */
export function makeVideo(sizeBytes: number): Buffer<ArrayBuffer> {
  const brand = Buffer.from("isom\0\0\x02\0isomiso2avc1mp41", "latin1");
  const head = Buffer.concat([box("ftyp", brand.byteLength), brand]);
  const mediaBytes = sizeBytes - head.byteLength - 8;
  return Buffer.concat([head, box("mdat", mediaBytes), randomBytes(mediaBytes)]);
}
