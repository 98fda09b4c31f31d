/** An element of at most 256 MiB: RFC 8794. */
function element(id: number, ...content: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(content);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(0x1000_0000 + payload.byteLength);
  const hex = id.toString(16);
  return Buffer.concat([Buffer.from(hex, "hex"), size, payload]);
}

function number(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return element(id, bytes);
}

/** A Matroska file of so many tracks of sound, with nothing in them: RFC 9559. */
export function matroskaOfTracks(count: number): Buffer {
  const track = (index: number): Buffer =>
    element(
      0xae,
      ...[number(0xd7, index + 1), number(0x73c5, index + 1), number(0x83, 2)],
      element(0x86, Buffer.from("A_PCM/INT/LIT")),
      element(0xe1, number(0x9f, 1), number(0x6264, 16)),
    );
  const tracks = Array.from({ length: count }, (_, index) => track(index));
  const cluster = element(0x1f43b675, number(0xe7, 0), element(0xa3, Buffer.from("810000800000", "hex")));
  return Buffer.concat([
    element(0x1a45dfa3, element(0x4282, Buffer.from("matroska"))),
    element(
      0x18538067,
      element(0x1549a966, number(0x2ad7b1, 1_000_000)),
      element(0x1654ae6b, ...tracks),
      cluster,
    ),
  ]);
}
