import { expect, test } from "vitest";
import { createUpload, headOffset, newCaller } from "../support/api.ts";
import type { RawRequest } from "../support/raw-request.ts";
import { expectReceived, openPatch } from "../support/tus.ts";

const MIB = 1024 * 1024;
const SIZE = 40 * MIB;
/** What the systems of both sides may hold of a connection, and what is read of a refused body, is less together. */
const FOR_NOTHING_BYTES = 14 * MIB;

/** Sends on until the connection is closed; returns how much of it was taken. */
async function sendUntilClosed({ write }: RawRequest, bytes: Buffer): Promise<number> {
  for (let at = 0; at < bytes.byteLength; at += MIB) {
    const isTaken = await write(bytes.subarray(at, at + MIB)).then(
      () => true,
      () => false,
    );
    if (!isTaken) return at;
  }
  return bytes.byteLength;
}

test("an append that was cut and comes again from its beginning, as Chromium sends it by itself, isn't read", async () => {
  const caller = await newCaller();
  const bytes = Buffer.alloc(24 * MIB, "text ");
  const location = await createUpload(caller, SIZE);
  const headers = { "upload-offset": "0", "content-length": String(SIZE) };
  const cut = await openPatch(caller, location, headers);
  await cut.write(bytes.subarray(0, MIB));
  // What it sent has arrived then.
  await cut.end();
  const again = await openPatch(caller, location, headers);
  expect(await sendUntilClosed(again, bytes)).toBeLessThan(FOR_NOTHING_BYTES);
  await again.cut();
  // Whoever comes a second time may be a client that repeats what it isn't told of: it is told.
  const third = await openPatch(caller, location, { ...headers, "content-length": String(MIB / 4) });
  await third.write(bytes.subarray(0, MIB / 4));
  // A connection whose body was let go of has no second answer.
  await third.write(Buffer.from("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  await expectReceived(third, /^HTTP\/1\.1 409 [^]*HTTP\/1\.1 200 /);
  await third.cut();
  expect(await headOffset(caller, location)).toBeGreaterThan(0);
});

test("nor is one that was cut from here, as by whoever asked how far it was", async () => {
  const caller = await newCaller();
  const bytes = Buffer.alloc(24 * MIB, "text ");
  const location = await createUpload(caller, SIZE);
  const headers = { "upload-offset": "0", "content-length": String(SIZE) };
  const cut = await openPatch(caller, location, headers);
  await cut.write(bytes.subarray(0, MIB / 8));
  await expect.poll(() => headOffset(caller, location)).toBe(MIB / 8);
  await expectReceived(cut, "UPLOAD_SUPERSEDED");
  const again = await openPatch(caller, location, headers);
  expect(await sendUntilClosed(again, bytes)).toBeLessThan(FOR_NOTHING_BYTES);
  await Promise.all([cut.cut(), again.cut()]);
});
