import { describe, expect, onTestFinished, test } from "vitest";
import { inspectObject } from "../../processor/inspect.ts";
import { MAX_SCAN_BYTES } from "../../processor/scan/clamd-config.ts";
import { InstreamScan } from "../../processor/scan/instream.ts";
import { eicar } from "../support/eicar.ts";
import { startEvilClamd } from "./support/evil-clamd.ts";
import { KIB, opener, PLENTY_MS, repeat, split, startForTest } from "./support/scanning.ts";

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
