import { createHash } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { ProcessorFailure } from "../../processor/failure.ts";
import { inspectObject } from "../../processor/inspect.ts";
import { MAX_SCAN_BYTES } from "../../processor/scan/clamd-config.ts";
import { ClamdScanner } from "../../processor/scan/clamd-scanner.ts";
import { fetchClamdVersion, findsTestFile, pingClamd } from "../../processor/scan/clamd.ts";
import type { OpenScan } from "../../processor/scan/crash-guard.ts";
import { type ClamdAddress, InstreamScan } from "../../processor/scan/instream.ts";
import { judgeScan, type ScanEvidence } from "../../processor/scan/verdict.ts";
import { type RunningClamd, startClamd } from "../support/clamd.ts";
import { eicar, gzip, zip } from "../support/eicar.ts";
import { afterFirstBytes, afterTerminator, type Misbehaviour, startEvilClamd } from "./support/evil-clamd.ts";

const KIB = 1024;
/** Far more than any of these takes; a test that reaches it fails by it. */
const PLENTY_MS = 20_000;

async function* split(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

async function* repeat(chunk: Uint8Array, times: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < times; index++) yield chunk;
}

function inspect(scanner: ClamdAddress, bytes: Uint8Array, deadlineMs = PLENTY_MS) {
  const object = { sizeBytes: bytes.byteLength, body: split(bytes, 64 * KIB) };
  return inspectObject(object, opener(scanner), AbortSignal.timeout(deadlineMs));
}

function opener(address: ClamdAddress): OpenScan {
  const scanner = new ClamdScanner(address);
  return (sizeBytes, signal) => scanner.open(sizeBytes, signal);
}

async function startForTest(options?: Parameters<typeof startClamd>[0]): Promise<RunningClamd> {
  const clamd = await startClamd(options);
  onTestFinished(() => clamd.stop());
  return clamd;
}

describe("a real clamd", () => {
  const notes = Buffer.from("minutes of the meeting\n".repeat(20_000));

  test.each([
    { what: "plain text", bytes: notes, verdict: "clean" },
    { what: "an empty file", bytes: new Uint8Array(), verdict: "clean" },
    { what: "one byte", bytes: Buffer.from("a"), verdict: "clean" },
    {
      what: "a file of zeros, which look like terminators",
      bytes: Buffer.alloc(200 * KIB),
      verdict: "clean",
    },
    { what: "the test file", bytes: eicar(), verdict: "infected" },
    {
      what: "the test file in a zip",
      bytes: zip([{ name: "a.txt", content: eicar() }]),
      verdict: "infected",
    },
    {
      what: "the test file in a zip in a zip",
      bytes: zip([{ name: "in.zip", content: zip([{ name: "a.txt", content: eicar() }]) }]),
      verdict: "infected",
    },
    { what: "the test file in a gz", bytes: gzip(eicar()), verdict: "infected" },
    {
      what: "an encrypted zip",
      bytes: zip([{ name: "a.txt", content: notes }], { encrypted: true }),
      verdict: "unscannable",
    },
  ])("$what is $verdict", async ({ bytes, verdict }) => {
    const found = await inspect(await startForTest(), bytes);
    expect(found).toMatchObject({ verdict, sizeBytes: bytes.byteLength });
    expect(found.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(found.signatureName === null).toBe(verdict === "clean");
  });

  test("names what it found", async () => {
    const clamd = await startForTest();
    expect((await inspect(clamd, eicar())).signatureName).toBe("Local.Test.EICAR.UNOFFICIAL");
    const encrypted = zip([{ name: "a", content: notes }], { encrypted: true });
    expect((await inspect(clamd, encrypted)).signatureName).toBe("Heuristics.Encrypted.Zip");
  });

  function limitTo1M(limit: string) {
    return startForTest({
      editConfig: (config) => config.replace(new RegExp(`^${limit} .*$`, "m"), `${limit} 1M`),
    });
  }

  test("a file longer than it looks at is unscannable", async () => {
    const found = await inspect(await limitTo1M("MaxFileSize"), Buffer.alloc(8 * KIB * KIB, "a"));
    expect(found.verdict).toBe("unscannable");
    expect(found.signatureName).toMatch(/^Heuristics\.Limits\./);
  });

  test("a stream longer than it takes is never clean", async () => {
    const pass = inspect(await limitTo1M("StreamMaxLength"), Buffer.alloc(8 * KIB * KIB, "a"));
    const outcome = await pass.then(
      ({ signatureName }) => signatureName,
      (error: unknown) => (error instanceof ProcessorFailure ? error.code : error),
    );
    // clamd says why and resets the connection; now and then the reset is faster than our reading, and we try again.
    expect(["Limits.StreamMaxLength", "SCANNER_UNAVAILABLE"]).toContain(outcome);
  });

  test("killed in the middle is unavailable", async () => {
    const clamd = await startForTest();
    const scan = new InstreamScan(clamd, 4, AbortSignal.timeout(PLENTY_MS));
    await scan.write(Buffer.from("ab"));
    await clamd.kill();
    await expect(sendRest(scan)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
  });

  async function sendRest(scan: InstreamScan): Promise<unknown> {
    await scan.write(Buffer.from("cd"));
    return scan.finish();
  }

  test("answers ping and version, and finds the test file", async () => {
    const clamd = await startForTest();
    expect(await pingClamd(clamd)).toBe(true);
    expect(await fetchClamdVersion(clamd)).toEqual({
      engine: expect.stringMatching(/^ClamAV \d+\.\d+/),
      signatureVersion: "unnumbered",
      signaturesAtMs: null,
    });
    expect(await findsTestFile(clamd)).toBe(true);
    await clamd.kill();
    expect(await pingClamd(clamd)).toBe(false);
    await expect(fetchClamdVersion(clamd)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
  });
});

describe("a stream that isn't the object", () => {
  test.each([
    { what: "ends early", declaredBytes: 5 },
    { what: "goes on", declaredBytes: 3 },
  ])("one that $what is never clean", async ({ declaredBytes }) => {
    const scan = new InstreamScan(await startForTest(), declaredBytes, AbortSignal.timeout(PLENTY_MS));
    await scan.write(Buffer.from("abcd"));
    await expect(scan.finish()).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
  });

  test("a body that ends early is the store's fault", async () => {
    const object = { sizeBytes: 10, body: split(Buffer.from("abcd"), 2) };
    const pass = inspectObject(object, opener(await startForTest()), AbortSignal.timeout(PLENTY_MS));
    await expect(pass).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });

  test("an empty chunk doesn't end it", async () => {
    const pieces = [eicar().subarray(0, 10), new Uint8Array(), eicar().subarray(10)];
    const body = (async function* () {
      yield* pieces;
    })();
    const object = { sizeBytes: eicar().byteLength, body };
    const found = await inspectObject(object, opener(await startForTest()), AbortSignal.timeout(PLENTY_MS));
    expect(found.verdict).toBe("infected");
  });

  test("an object over the scanner's ceiling is hashed, and unscannable without being sent", async () => {
    const connections: unknown[] = [];
    const evil = await startEvilClamd((socket) => connections.push(socket));
    onTestFinished(() => evil.stop());
    const body = (async function* () {
      yield* repeat(Buffer.alloc(KIB * KIB), MAX_SCAN_BYTES / (KIB * KIB));
      yield Buffer.alloc(1);
    })();
    const found = await inspectObject(
      { sizeBytes: MAX_SCAN_BYTES + 1, body },
      opener(evil),
      AbortSignal.timeout(60_000),
    );
    expect(found).toMatchObject({ verdict: "unscannable", signatureName: "Limits.StreamMaxLength" });
    expect(found.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(connections).toEqual([]);
  });
});

/** Every one is asked about a file without malware, whole, in time: only a good clamd may make that clean. */
const EVIL: readonly { readonly does: string; readonly misbehave: Misbehaviour }[] = [
  { does: "closes at once", misbehave: (socket) => socket.destroy() },
  { does: "resets at once", misbehave: (socket) => socket.resetAndDestroy() },
  { does: "ends at once", misbehave: (socket) => socket.end() },
  { does: "closes after the first frame", misbehave: afterFirstBytes((socket) => socket.destroy()) },
  { does: "closes after the terminator", misbehave: afterTerminator((socket) => socket.end()) },
  { does: "is silent", misbehave: (socket) => socket.resume() },
  { does: "reads nothing", misbehave: (socket) => socket.pause() },
  {
    does: "reads nothing and says OK",
    misbehave: (socket) => socket.pause().write("stream: OK\0"),
  },
  { does: "says OK before it is asked", misbehave: (socket) => socket.end("stream: OK\0") },
  {
    does: "says OK after the first frame",
    misbehave: afterFirstBytes((socket) => socket.end("stream: OK\0")),
  },
  {
    does: "says OK after the first frame and reads on",
    misbehave: afterFirstBytes((socket) => socket.write("stream: OK\0")),
  },
  {
    does: "says OK and resets",
    misbehave: afterTerminator((socket) => socket.write("stream: OK\0", () => socket.resetAndDestroy())),
  },
  { does: "says OK and stays", misbehave: afterTerminator((socket) => socket.write("stream: OK\0")) },
  {
    does: "says OK after an error",
    misbehave: afterTerminator((s) => s.end("Out of memory. ERROR\0stream: OK\0")),
  },
  { does: "says OK twice", misbehave: afterTerminator((socket) => socket.end("stream: OK\0stream: OK\0")) },
  { does: "says OK without the end", misbehave: afterTerminator((socket) => socket.end("stream: OK")) },
  { does: "says OK with a line break", misbehave: afterTerminator((socket) => socket.end("stream: OK\n")) },
  { does: "says OK of something else", misbehave: afterTerminator((socket) => socket.end("other: OK\0")) },
  { does: "answers in lower case", misbehave: afterTerminator((socket) => socket.end("stream: ok\0")) },
  {
    does: "has an error",
    misbehave: afterTerminator((socket) => socket.end("stream: Can't open file ERROR\0")),
  },
  { does: "talks garbage", misbehave: afterTerminator((socket) => socket.end("\xff\xfe\0\0garbage")) },
  { does: "talks for ever", misbehave: afterFirstBytes((socket) => socket.write("x".repeat(100 * KIB))) },
  { does: "is a web server", misbehave: (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n") },
];

describe("a server that", () => {
  // More than a socket's buffers hold, so that who doesn't read is noticed.
  const bytes = Buffer.alloc(16 * KIB * KIB, "a");

  test.each(EVIL)("$does is unavailable", async ({ misbehave }) => {
    const evil = await startEvilClamd(misbehave);
    onTestFinished(() => evil.stop());
    await expect(inspect(evil, bytes, 500)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
  });

  test("says OK to the whole, but before its end, is unavailable", async () => {
    const { promise: said, resolve } = Promise.withResolvers<void>();
    const speakEarly = afterFirstBytes((socket) => socket.write("stream: OK\0", () => resolve()));
    const endProperly = afterTerminator((socket) => socket.end());
    const evil = await startEvilClamd((socket) => {
      speakEarly(socket);
      endProperly(socket);
    });
    onTestFinished(() => evil.stop());
    const scan = new InstreamScan(evil, 4, AbortSignal.timeout(PLENTY_MS));
    await scan.write(Buffer.from("abcd"));
    await said;
    // A round trip on another connection: what was said before it has arrived after it.
    await pingClamd(await startForTest());
    await expect(scan.finish()).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
  });

  test("reads slowly gets all of it, and is believed", async () => {
    const read = afterTerminator((socket) => socket.end("stream: OK\0"));
    const evil = await startEvilClamd((socket) => {
      read(socket);
      socket.on("data", () => {
        socket.pause();
        setImmediate(() => socket.resume());
      });
    });
    onTestFinished(() => evil.stop());
    expect((await inspect(evil, bytes)).verdict).toBe("clean");
  });

  test.each([
    {
      does: "finds something in the middle",
      misbehave: afterFirstBytes((s) => s.end("stream: Win.X-1 FOUND\0")),
    },
    {
      does: "finds something at the end",
      misbehave: afterTerminator((s) => s.end("stream: Win.X-1 FOUND\0")),
    },
  ])("$does is believed, and the hash is of the whole", async ({ misbehave }) => {
    const evil = await startEvilClamd(misbehave);
    onTestFinished(() => evil.stop());
    expect(await inspect(evil, bytes)).toMatchObject({
      verdict: "infected",
      signatureName: "Win.X-1",
      sha256: createHash("sha256").update(bytes).digest("hex"),
    });
  });

  test("takes no more is believed: the file is unscannable", async () => {
    const full = "INSTREAM size limit exceeded. ERROR\0";
    const evil = await startEvilClamd(afterFirstBytes((socket) => socket.end(full)));
    onTestFinished(() => evil.stop());
    const found = await inspect(evil, bytes);
    expect(found).toMatchObject({ verdict: "unscannable", signatureName: "Limits.StreamMaxLength" });
  });

  test("isn't there is unavailable", async () => {
    const evil = await startEvilClamd(() => undefined);
    await evil.stop();
    await expect(inspect(evil, bytes)).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
    expect(await pingClamd(evil)).toBe(false);
  });

  test("asks for no more than it has taken", async () => {
    const evil = await startEvilClamd((socket) => socket.pause());
    onTestFinished(() => evil.stop());
    let taken = 0;
    const body = (async function* () {
      for await (const chunk of repeat(Buffer.alloc(64 * KIB), 4096)) {
        taken += chunk.byteLength;
        yield chunk;
      }
    })();
    const pass = inspectObject({ sizeBytes: 256 * KIB * KIB, body }, opener(evil), AbortSignal.timeout(500));
    await expect(pass).rejects.toMatchObject({ code: "SCANNER_UNAVAILABLE" });
    expect(taken).toBeLessThan(32 * KIB * KIB);
  });
});

describe("judging", () => {
  const clean: ScanEvidence = {
    reply: "stream: OK\0",
    terminatedBeforeReply: true,
    sentBytes: 4,
    expectedBytes: 4,
    endedCleanly: true,
  };

  test("all of it together is clean", () => {
    expect(judgeScan(clean)).toEqual({ verdict: "clean", signatureName: null });
  });

  test.each<Partial<ScanEvidence>>([
    { reply: "" },
    { reply: "stream: OK" },
    { reply: " stream: OK\0" },
    { terminatedBeforeReply: false },
    { sentBytes: 3 },
    { expectedBytes: 3 },
    { endedCleanly: false },
  ])("%o is nothing certain", (change) => {
    expect(judgeScan({ ...clean, ...change })).toBeUndefined();
  });

  test.each([
    ["Win.Test.EICAR_HDB-1", "infected"],
    ["Heuristics.Phishing.Email.SpoofedDomain", "infected"],
    ["Heuristics.Limits.Exceeded.MaxFileSize", "unscannable"],
    ["Heuristics.Encrypted.PDF", "unscannable"],
    ["Heuristics.LimitsOfTaste", "infected"],
  ])("%s is %s", (name, verdict) => {
    expect(judgeScan({ ...clean, reply: `stream: ${name} FOUND\0` })).toEqual({
      verdict,
      signatureName: name,
    });
  });
});
