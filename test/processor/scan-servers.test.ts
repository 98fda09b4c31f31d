import { createHash } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { inspectObject } from "../../processor/inspect.ts";
import { pingClamd } from "../../processor/scan/clamd.ts";
import { InstreamScan } from "../../processor/scan/instream.ts";
import { findFreePort } from "../../scripts/dev/ports.ts";
import { afterFirstBytes, afterTerminator, type Misbehaviour, startEvilClamd } from "./support/evil-clamd.ts";
import { inspect, KIB, opener, PLENTY_MS, repeat, startForTest } from "./support/scanning.ts";

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

  test("isn't there is unavailable, and it is told why", async () => {
    const gone = { host: "127.0.0.1", port: await findFreePort() };
    const scan = new InstreamScan(gone, 4, AbortSignal.timeout(PLENTY_MS));
    await expect(scan.finish()).rejects.toMatchObject({
      code: "SCANNER_UNAVAILABLE",
      cause: { code: "ECONNREFUSED" },
    });
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
