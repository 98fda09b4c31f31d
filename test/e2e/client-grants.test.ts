import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createUploader } from "../../client/index.ts";
import { sharedStack } from "../support/api.ts";
import { expectStored, textOf } from "../support/tus.ts";
import { mint } from "../support/upload-grants.ts";

/** Passes connections on, and cuts each of the first ones when its first answer comes: the request was carried out. */
async function loseAnswers(count: number): Promise<{ readonly url: string; readonly lost: () => number }> {
  const target = new URL(sharedStack().url);
  let lost = 0;
  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    for (const socket of [client, upstream]) socket.on("error", () => {});
    client.pipe(upstream);
    upstream.on("data", (data) => {
      if (lost >= count) return void client.write(data);
      lost += 1;
      client.resetAndDestroy();
      upstream.destroy();
    });
    upstream.on("close", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lost: () => lost };
}

test("a file goes through by one grant, whichever answers are lost, the creation's among them", async () => {
  const grant = await mint();
  const proxy = await loseAnswers(3);
  const bytes = textOf(20_000);
  let asked = 0;
  const upload = createUploader({
    endpoint: `${proxy.url}/v1/uploads`,
    chunkSizeBytes: 8_000,
    retryBaseMs: 10,
    getGrant() {
      asked += 1;
      return grant;
    },
  }).add(new File([bytes], "notes.txt", { type: "text/plain" }));
  const done = new Promise((resolve) => {
    upload.subscribe(({ state }) => {
      if (["uploaded", "failed", "refused"].includes(state.kind)) resolve(state);
    });
  });
  upload.start();
  expect(await done).toEqual({ kind: "uploaded", fileId: grant.fileId, version: 1 });
  expect([asked, proxy.lost()]).toEqual([1, 3]);
  await expectStored(grant.backend, grant.fileId, bytes);
});
