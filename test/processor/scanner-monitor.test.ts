import { expect, onTestFinished, test } from "vitest";
import { ClamdScanner } from "../../processor/scan/clamd-scanner.ts";
import { ScannerMonitor, type ScannerState } from "../../processor/scan/scanner-monitor.ts";
import { startClamd } from "../support/clamd.ts";
import { startEvilClamd } from "./support/evil-clamd.ts";

const UP = { up: true, detail: expect.stringMatching(/^ClamAV /), signatureVersion: "unnumbered" };

function watch(address: { readonly host: string; readonly port: number }) {
  const changes: ScannerState[] = [];
  return { changes, monitor: new ScannerMonitor(new ClamdScanner(address), (state) => changes.push(state)) };
}

test("a change is told once each way", async () => {
  const clamd = await startClamd();
  onTestFinished(() => clamd.stop());
  const { changes, monitor } = watch(clamd);
  expect(monitor.state.up).toBe(false);
  expect(await monitor.check()).toEqual(UP);
  expect(await monitor.check()).toEqual(UP);
  await clamd.kill();
  expect((await monitor.check()).up).toBe(false);
  expect((await monitor.check()).up).toBe(false);
  const again = await startClamd({ port: clamd.port });
  onTestFinished(() => again.stop());
  expect(await monitor.check()).toEqual(UP);
  expect(changes.map(({ up }) => up)).toEqual([true, false, true]);
});

test("a scanner that is away from the start is told too", async () => {
  const { changes, monitor } = watch({ host: "127.0.0.1", port: 1 });
  await monitor.check();
  await monitor.check();
  expect(changes).toEqual([{ up: false, detail: expect.any(String), signatureVersion: null }]);
});

test.each([
  { knows: "nothing", reply: "stream: OK\0", up: false },
  { knows: "its signatures", reply: "stream: Eicar-Signature FOUND\0", up: true },
])("an engine that answers but knows $knows is up: $up", async ({ reply, up }) => {
  const evil = await startEvilClamd((socket) => {
    socket.on("data", (chunk) => {
      if (chunk.toString("latin1").startsWith("zVERSION")) socket.end("ClamAV 1.4.6/27500/Mon Jan  1\0");
      if (chunk.subarray(-4).equals(Buffer.alloc(4))) socket.end(reply);
    });
  });
  onTestFinished(() => evil.stop());
  const { monitor } = watch(evil);
  const signatureVersion = up ? "27500/Mon Jan  1" : null;
  expect(await monitor.check()).toMatchObject({ up, signatureVersion });
});

test("checks that overlap ask once", async () => {
  let connections = 0;
  const evil = await startEvilClamd((socket) => {
    connections += 1;
    socket.end();
  });
  onTestFinished(() => evil.stop());
  const { monitor } = watch(evil);
  await Promise.all([monitor.check(), monitor.check(), monitor.check()]);
  expect(connections).toBe(1);
});
