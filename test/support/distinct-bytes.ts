/** Text in which every place has bytes of its own, so that a shift or a swap shows. */
export function distinctBytes(sizeBytes: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 16) bytes.write(`${String(at).padStart(14, "0")} \n`, at, "latin1");
  return bytes;
}
