/** What is put in the place of a field's valid value. Characters are bytes (Latin-1). */
export interface ValueChange {
  readonly name: string;
  readonly change: (value: string) => string;
}

/** Text as the bytes of its UTF-8. */
export function utf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function named(names: Readonly<Record<string, (value: string) => string>>): readonly ValueChange[] {
  return Object.entries(names).map(([name, change]) => ({ name, change }));
}

function fixed(values: readonly string[]): readonly ValueChange[] {
  return values.map((value) => ({ name: shortName(value), change: () => value }));
}

function shortName(value: string): string {
  return value.length <= 60 ? JSON.stringify(value) : `${value.slice(0, 20)}… (${value.length} bytes)`;
}

/** Numbers, and what looks like some: only a safe integer that prints back as the same text is one. */
const NUMBERS = fixed([
  ...["0", "1", "5", "-1", "-0", "+1", "007", "1.0", "1e3", "0x10", "1_000", "NaN", "Infinity", "-Infinity"],
  ...["9007199254740991", "9007199254740992", "999999999999999", "1000000000000000", "2147483648"],
  ...["4294967296", "18446744073709551615", "18446744073709551616", "1 2", "1,2", "null", "true", "[1]"],
  ...[utf8("٣"), utf8("１２"), utf8("¹"), "9".repeat(400), "0".repeat(2_000)],
]);

/** Of structured fields (RFC 9651), and what is nearly one. */
const STRUCTURED = fixed([
  ...[
    "?0",
    "?1",
    "?2",
    "?",
    "?1?",
    "?T",
    "?1;",
    "?1;a",
    "?1;a=?0",
    "?1, ?1",
    "(?1)",
    "(1 2)",
    '"?1"',
    ":AAAA:",
  ],
  ...[":!!:", "::", "sha-256=:AAAA:", "sha-256=::", "sha-256=?1", "sha-256=:A", "sha-256", "sha-256=1"],
  ...[
    "sha-512=:AAAA:",
    "SHA-256=:AAAA:",
    "md5=:AAAA:",
    "unixsum=1",
    "sha-256=11",
    "sha-256=-1",
    "sha-256=1.5",
  ],
  ...[
    "sha-256=0, sha-512=10",
    "__proto__=:AAAA:",
    "constructor=1",
    "a=1, a=2",
    "a;b;c",
    "a=(1 2);x",
    "@1",
    "*a",
  ],
  ...["1;a=b", "1.5", "-5", "%", '"', '"\\', "=", ";", ",", ":", "a=,b", '%"caf%c3%a9"', '%"%zz"'],
]);

const TUS_VALUES = fixed([
  ...[
    "1.0.0",
    "0.2.2",
    "1.0",
    "2.0.0",
    "v1.0.0",
    "partial",
    "final",
    "final;",
    "final;x",
    "final;/v1/uploads/",
  ],
  ...[
    "final;/v1/uploads/00000000000000000000000000",
    "final;http://[/",
    `final;${"/v1/uploads/0 ".repeat(300)}`,
  ],
  ...["sha1 AAAA", "sha1", "sha256 !", "md5 1B2M2Y8AsgTpgAmY7PhCfg==", "crc32 AAAA", "__proto__ AAAA"],
  ...[
    "toString AAAA",
    "sha1  AAAA",
    "sha1 AAAA AAAA",
    "filename",
    "filename ",
    "filename !",
    "filename bm90ZXM",
  ],
  ...["filename AAAA,filename AAAA", "filename bm90ZXMudHh0,", ",filename bm90ZXMudHh0", "__proto__ AAAA"],
  ...[
    "filename Li4vYQ==",
    "filename AA==",
    "filename //8=",
    "filename bm90ZXMuZXhl",
    "filename bm90ZXMudHh0,x y z",
  ],
]);

const MEDIA_TYPES = fixed([
  ...[
    "text/plain",
    "text/plain; charset=utf-8",
    "text/html",
    "application/octet-stream",
    "image/png",
    "text",
  ],
  ...[
    "application/partial-upload",
    "application/partial-upload; a=b",
    "application/offset+octet-stream",
    "*/*",
  ],
  ...[
    "application/offset+octet-stream; a=b",
    "application/json",
    "application/x-www-form-urlencoded",
    "/",
    "a/b/c",
  ],
  ...[
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "multipart/mixed",
  ],
  ...[`multipart/form-data; boundary=${"x".repeat(71)}`, 'multipart/form-data; boundary="a b"'],
]);

const NAMES = fixed([
  ...[
    'attachment; filename="a.exe"',
    "attachment; filename*=UTF-8''%zz.txt",
    "attachment; filename*=UTF-8''%ff.txt",
  ],
  ...[
    "attachment; filename*=x''a.txt",
    'attachment; filename="../a.txt"',
    'attachment; filename="a',
    "attachment",
  ],
  ...[
    "attachment; filename=",
    'attachment; filename="=?utf-8?B?!?="',
    'attachment; filename="=?x?Q?=zz?="',
    ";;;",
  ],
  ...[
    `attachment; filename="${utf8("ü.txt")}"`,
    'attachment; filename="\xfc.txt"',
    "attachment; filename*=''",
  ],
  ...[`attachment; filename="${"n".repeat(300)}.txt"`, "attachment; filename*=UTF-8''%00.txt"],
]);

const CONDITIONS = fixed([
  ...[
    "bytes=0-",
    "bytes=5-2",
    "bytes=-0",
    "bytes=99999-",
    "bytes=0-0,2-2",
    "bytes=a-b",
    "lines=1-2",
    "bytes",
  ],
  ...["bytes=-99999999999999999999", "*", "W/", '"', '"x"', "Thu, 99 Nov 2026 99:99:99 GMT", "t=0,v1=00"],
  ...["gzip", "x-gzip", "gzip, gzip", "br", "identity", "100-continue", "deflate;q=x"],
]);

/** What HTTP lets through, or nearly: the runtime refuses some of it itself (`answer-faults.ts`). */
const BYTES = named({
  "Latin-1 behind it": (value) => `${value}\xe9\xff`,
  "UTF-8 behind it": (value) => value + utf8("é漢🙂"),
  "broken UTF-8 behind it": (value) => `${value}\xc3\x28`,
  "a tab in it": (value) => `${value.slice(0, 1)}\t${value.slice(1)}`,
  "a tab before it": (value) => `\t${value}`,
  "a control character in it": (value) => `${value}\x01\x1f`,
  "DEL behind it": (value) => `${value}\x7f`,
  "NUL behind it": (value) => `${value}\0`,
  "a bare CR in it": (value) => `${value}\rx`,
  "folded over two lines": (value) => `${value}\r\n x`,
  "no-break space behind it": (value) => `${value}\xa0`,
});

const FORMS = named({
  empty: () => "",
  "spaces alone": () => "   ",
  "spaces around it": (value) => `  ${value}  `,
  "in upper case": (value) => value.toUpperCase(),
  "in lower case": (value) => value.toLowerCase(),
  quoted: (value) => `"${value}"`,
  "in single quotes": (value) => `'${value}'`,
  twice: (value) => `${value}${value}`,
  "twice as a list": (value) => `${value}, ${value}`,
  "a comma behind it": (value) => `${value},`,
  "a comma before it": (value) => `,${value}`,
  "a parameter behind it": (value) => `${value};x=1`,
  "a semicolon behind it": (value) => `${value};`,
  "the last character cut off": (value) => value.slice(0, -1),
  "the first character cut off": (value) => value.slice(1),
  "a plus before it": (value) => `+${value}`,
  "a minus before it": (value) => `-${value}`,
  "a zero before it": (value) => `0${value}`,
  "a fraction behind it": (value) => `${value}.0`,
  "an exponent behind it": (value) => `${value}e0`,
  "a letter behind it": (value) => `${value}a`,
  "another digit behind it": (value) => `${value}0`,
  reversed: (value) => value.split("").reverse().join(""),
  "percent-encoded": (value) => encodeURIComponent(value).replaceAll("-", "%2D"),
  "base64's other alphabet": (value) => value.replaceAll("+", "-").replaceAll("/", "_"),
  "padding lost": (value) => value.replaceAll("=", ""),
  "padding added": (value) => `${value}=`,
});

/** The runtime takes heads of more than 256 KiB; a platform in front of it may take less. */
const LENGTHS = named({
  "8 KiB behind it": (value) => value + "a".repeat(8 * 1024),
  "64 KiB behind it": (value) => value + "a".repeat(64 * 1024),
  "256 KiB behind it": (value) => value + "a".repeat(256 * 1024),
  "2,000 commas behind it": (value) => value + ",".repeat(2_000),
  "2,000 parameters behind it": (value) => value + ";a=1".repeat(2_000),
  "5,000 opening brackets": () => "(".repeat(5_000),
});

export const VALUE_CHANGES: readonly ValueChange[] = [
  ...[...FORMS, ...BYTES, ...LENGTHS, ...NUMBERS],
  ...[...STRUCTURED, ...TUS_VALUES, ...MEDIA_TYPES, ...NAMES, ...CONDITIONS],
];
