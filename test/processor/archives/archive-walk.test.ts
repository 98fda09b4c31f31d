import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { ArchiveWalk, TAR_TYPE } from "../../../processor/archives/archive-walk.ts";
import { pax, rawPax, tar, type TarEntry } from "../support/tar.ts";

const CONTENT = Buffer.from("content ".repeat(200));
const ENTRY: TarEntry = { content: CONTENT };

/** What a walk finds; the bytes come in pieces of `pieceBytes`. */
async function look(bytes: Buffer, pieceBytes = 1000, declaredType?: string): Promise<string | undefined> {
  const walk = new ArchiveWalk(bytes.length, declaredType);
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      await walk.push(bytes.subarray(at, at + pieceBytes));
    }
    return walk.finish();
  } finally {
    walk.close();
  }
}

/** With what is to be otherwise in a gzip's header. */
function gzipWith(change: (bytes: Buffer) => void, fields: Buffer = Buffer.alloc(0)): Buffer {
  const packed = gzipSync(CONTENT);
  change(packed);
  return Buffer.concat([packed.subarray(0, 10), fields, packed.subarray(10)]);
}

function withFlags(flags: number, fields?: Buffer): Buffer {
  return gzipWith((bytes) => bytes.writeUInt8(flags, 3), fields);
}

const EMPTY_MEMBER = gzipSync(Buffer.alloc(0));
const octal = (sum: number): string => sum.toString(8).padStart(6, "0");

function wideChecksum(sum: number): string {
  const field = Buffer.alloc(8);
  field.writeUInt8(0x80, 0);
  field.writeUInt32BE(sum, 4);
  return field.toString("latin1");
}

const MIB = Buffer.alloc(1024 * 1024, "ab");

test.each<[string, Buffer]>([
  ["nothing", Buffer.alloc(0)],
  ["a byte", Buffer.from("\x1f", "latin1")],
  ["a text", CONTENT],
  ["zeros", Buffer.alloc(5000)],
  ["a tar", tar([ENTRY, { name: "folder/", type: "5" }, { type: "\0", content: CONTENT }])],
  ["an empty tar's end behind a file", tar([{ content: Buffer.alloc(512) }])],
  ["a tar without an end", tar([ENTRY]).subarray(0, -1024)],
  ["a tar filled up to a tape's block", Buffer.concat([tar([ENTRY]), Buffer.alloc(8192)])],
  [
    "a tar with pax headers",
    tar([pax({ mtime: "1.5", path: "long" }), ENTRY, pax({ comment: "x" }, "g"), ENTRY]),
  ],
  ["a tar with a long name", tar([{ type: "L", content: Buffer.from("n".repeat(700)) }, ENTRY])],
  ["a size that is filled with spaces", tar([{ content: Buffer.alloc(8), size: "        10 \0" }])],
  ["a gzip", gzipSync(CONTENT)],
  ["a gzip of more than is unpacked at a time", gzipSync(Buffer.concat([MIB, MIB, MIB]))],
  ["a gzip of nothing", gzipSync(Buffer.alloc(0))],
  ["several members", Buffer.concat([gzipSync(CONTENT), gzipSync(MIB), gzipSync(CONTENT)])],
  ["a gzip with a name", withFlags(0x08, Buffer.from("name.txt\0"))],
  ["one with all fields", withFlags(0x1c, Buffer.from("\x04\0abcdname\0comment\0", "latin1"))],
  ["a tar in a gzip", gzipSync(tar([ENTRY]))],
  ["a pax value of several lines", tar([pax({ comment: "a\nsize=1\n" }), ENTRY])],
  ["a gzip of what isn't a tar, of many blocks", gzipSync(Buffer.alloc(5000, "text "))],
])("%s is nothing to object to, however it comes", async (_what, bytes) => {
  for (const pieceBytes of [1, 7, 512, 65_536].filter((each) => each * 20_000 > bytes.length)) {
    expect(await look(bytes, pieceBytes), `in pieces of ${pieceBytes}`).toBeUndefined();
  }
});

test.each<[string, Buffer, string]>([
  ["a size in base 256", tar([{ content: CONTENT, size: base256(CONTENT.length) }]), "Tar.Size"],
  ["a size that is no number", tar([{ content: CONTENT, size: "xxxxxxxxxxx\0" }]), "Tar.Size"],
  [
    "a size in a pax header",
    tar([pax({ path: "a", size: "1600" }), { content: CONTENT, size: "00000000000\0" }]),
    "Tar.Size",
  ],
  ["a size for all that follows", tar([pax({ size: "1600" }, "g"), ENTRY]), "Tar.Size"],
  ["a sparse file (GNU)", tar([{ type: "S", content: CONTENT }]), "Tar.Type"],
  ["a sparse file (pax)", tar([pax({ "GNU.sparse.major": "1" }), ENTRY]), "Tar.Size"],
  ["a folder with a content", tar([{ type: "5", content: CONTENT }]), "Tar.Size"],
  ["a pax header of two megabytes", tar([{ type: "x", content: Buffer.concat([MIB, MIB]) }]), "Tar.Size"],
  ["a type that nobody knows", tar([{ type: "Z", content: CONTENT }]), "Tar.Type"],
  ["a second archive behind the end", Buffer.concat([tar([ENTRY]), tar([ENTRY])]), "Tar.AfterEnd"],
  ["a text behind the end", Buffer.concat([tar([ENTRY]), Buffer.alloc(512, "x")]), "Tar.AfterEnd"],
  [
    "a header that was changed",
    Buffer.concat([tar([ENTRY]).subarray(0, -1024), Buffer.alloc(512, "x")]),
    "Tar.Broken",
  ],
  ["a tar that is cut in a file", tar([ENTRY]).subarray(0, 900), "Tar.Cut"],
  ["a tar that is cut in a header", tar([ENTRY, ENTRY]).subarray(0, 512 + 2048 + 100), "Tar.Cut"],
  [
    "a checksum with a letter behind it",
    tar([{ ...ENTRY, checksum: (sum) => `${octal(sum)}\0X` }]),
    "Tar.Broken",
  ],
  ["a checksum behind a tab", tar([{ ...ENTRY, checksum: (sum) => `\t${octal(sum)}\0` }]), "Tar.Broken"],
  [
    "a checksum before a line's end",
    tar([{ ...ENTRY, checksum: (sum) => `${octal(sum)}\n ` }]),
    "Tar.Broken",
  ],
  ["a checksum in base 256", tar([{ ...ENTRY, checksum: wideChecksum }]), "Tar.Broken"],
  ["a wrong checksum in a header", tar([{ ...ENTRY, checksum: () => "0000000\0" }]), "Tar.Broken"],
  ["two blanks in a pax record", tar([rawPax("15  size=1600\n"), ENTRY]), "Tar.Pax"],
  ["a tab in a pax record", tar([rawPax("14\tsize=1600\n"), ENTRY]), "Tar.Pax"],
  ["a pax record that is longer than it says", tar([rawPax("5 a=size=1600\n"), ENTRY]), "Tar.Pax"],
  [
    "a gzip of a tar behind a block of text",
    gzipSync(Buffer.concat([Buffer.alloc(512, "x"), tar([ENTRY])])),
    "Tar.Broken",
  ],
  ["a gzip of a tar behind zeros", gzipSync(Buffer.concat([Buffer.alloc(1024), tar([ENTRY])])), "Tar.Broken"],
  ["a checksum of the header", withFlags(0x02, Buffer.from("XX")), "Gzip.Header"],
  ["a flag that isn't given out", withFlags(0x20), "Gzip.Header"],
  ["another method", gzipWith((bytes) => bytes.writeUInt8(7, 2)), "Gzip.Header"],
  ["a name without an end", withFlags(0x08, Buffer.alloc(200_000, "n")), "Gzip.Header"],
  ["a wrong checksum", gzipWith((bytes) => bytes.writeUInt8(0x55, bytes.length - 8)), "Gzip.Broken"],
  ["a wrong length", gzipWith((bytes) => bytes.writeUInt8(0x55, bytes.length - 4)), "Gzip.Broken"],
  [
    "noise in a gzip",
    Buffer.concat([gzipSync(CONTENT).subarray(0, 10), Buffer.alloc(99, 0xff)]),
    "Gzip.Broken",
  ],
  ["zeros behind a member", Buffer.concat([gzipSync(CONTENT), Buffer.alloc(512)]), "Gzip.AfterEnd"],
  [
    "a member behind zeros",
    Buffer.concat([gzipSync(CONTENT), Buffer.alloc(9), gzipSync(CONTENT)]),
    "Gzip.AfterEnd",
  ],
  ["a gzip that is cut", gzipSync(MIB).subarray(0, -9), "Gzip.Cut"],
  ["a gzip that is cut in its trailer", gzipSync(MIB).subarray(0, -3), "Gzip.Cut"],
  ["a gzip of a tar that isn't right", gzipSync(tar([{ content: CONTENT, size: base256(5) }])), "Tar.Size"],
])("%s is found", async (_what, bytes, fault) => {
  for (const pieceBytes of [7, 512, 100_000].filter((each) => each * 20_000 > bytes.length)) {
    expect(await look(bytes, pieceBytes), `in pieces of ${pieceBytes}`).toBe(fault);
  }
});

test.each<[string, Buffer, string | undefined]>([
  ["a tar", tar([ENTRY]), undefined],
  ["an empty tar", Buffer.alloc(10_240), undefined],
  ["nothing", Buffer.alloc(0), undefined],
  ["a block of noise, and a tar", Buffer.concat([Buffer.alloc(512, 0xc8), tar([ENTRY])]), "Tar.Broken"],
  ["a block of zeros, and a tar", Buffer.concat([Buffer.alloc(512), tar([ENTRY])]), "Tar.AfterEnd"],
  ["noise", Buffer.alloc(2048, 0xc8), "Tar.Broken"],
  ["less than a block", Buffer.from("text"), "Tar.Cut"],
])("of what is said to be a tar, %s is told by the letter", async (_what, bytes, fault) => {
  for (const pieceBytes of [7, 512, 100_000]) {
    expect(await look(bytes, pieceBytes, TAR_TYPE), `in pieces of ${pieceBytes}`).toBe(fault);
  }
});

test("what the system's own tar and gzip write is nothing to object to", async () => {
  const folder = mkdtempSync(join(tmpdir(), "causeway-tar-"));
  try {
    writeFileSync(join(folder, "a.txt"), CONTENT);
    writeFileSync(join(folder, `${"long".repeat(40)}.txt`), MIB);
    for (const format of ["v7", "ustar", "gnu", "pax", "oldgnu"]) {
      const long = ["v7", "ustar"].includes(format) ? ["a.txt"] : ["."];
      for (const packed of [[], ["-z"]]) {
        const args = [`--format=${format}`, ...packed, "-cf", "-", ...long];
        const { stdout, status } = spawnSync("tar", args, { cwd: folder, maxBuffer: 2 ** 26 });
        expect(status).toBe(0);
        expect(await look(stdout), args.join(" ")).toBeUndefined();
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** GNU: the first bit says so, the number is in the last bytes. */
function base256(size: number): Buffer {
  const field = Buffer.alloc(12);
  field[0] = 0x80;
  field.writeUInt32BE(size, 8);
  return field;
}

test("a gzip of more members than anybody writes is given up soon", async () => {
  const many = Buffer.alloc(50_500 * EMPTY_MEMBER.length, EMPTY_MEMBER);
  expect(await look(many, 65_536)).toBe("Gzip.Limits.Members");
});

test("a gzip of much more than it is itself is given up when that is seen", async () => {
  const [few, many] = [100, 101].map((times) =>
    gzipSync(Buffer.concat(Array.from({ length: times }, () => MIB))),
  );
  expect(await look(few ?? MIB, 65_536)).toBeUndefined();
  expect(await look(many ?? MIB, 65_536)).toBe("Gzip.Limits.Ratio");
});

test("what is given up while it is being unpacked is waited for by nobody", async () => {
  const bytes = gzipSync(Buffer.alloc(50_000_000));
  const walk = new ArchiveWalk(bytes.length);
  const pushed = walk.push(bytes);
  walk.close();
  await pushed;
  expect(walk.finish()).toBe("Gzip.Broken");
});
