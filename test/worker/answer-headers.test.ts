import { request } from "node:http";
import { expect, test } from "vitest";
import { newCaller } from "../support/api.ts";
import { publish, uploadClean } from "../support/file-states.ts";
import { createLink } from "../support/sharing.ts";
import type { WorkerAlone } from "../support/worker-alone.ts";
import { startWorkerAlone, useWorkerAlone } from "../support/worker-alone.ts";

const worker = useWorkerAlone();

test("what is answered in JSON is kept by nobody and is nothing else", async () => {
  const ann = await newCaller({ stack: worker });
  const admin = await newCaller({ stack: worker, tenantId: ann.tenantId, role: "admin" });
  const fileId = await uploadClean(worker, ann);
  const { url } = await createLink(ann, fileId);
  const json = { accept: "application/json", "content-type": "application/json" };
  const signing = { method: "POST", headers: json, body: JSON.stringify({ items: [{ fileId }] }) };
  const answers = [
    await ann.fetch("/v1/files"),
    await ann.fetch(`/v1/files/${fileId}`),
    await ann.fetch(`/v1/files/${fileId}/versions`),
    await ann.fetch("/v1/files/nothing"),
    await ann.fetch("/v1/nowhere"),
    await ann.fetch("/v1/quota"),
    await ann.fetch("/v1/signed-urls", signing),
    await ann.fetch("/v1/signed-urls", { ...signing, body: "{" }),
    await ann.fetch("/v1/uploads", { method: "POST", headers: { "tus-resumable": "1.0.0" } }),
    await ann.fetch(`/v1/uploads/${"0".repeat(26)}`, {
      ...{ method: "PATCH", body: "x" },
      headers: {
        "tus-resumable": "1.0.0",
        "upload-offset": "0",
        "content-type": "application/offset+octet-stream",
      },
    }),
    await admin.fetch("/v1/admin/audit"),
    await admin.fetch(`/v1/admin/tenants/${ann.tenantId}`),
    await admin.fetch(`/v1/admin/tenants/${ann.tenantId}/export`),
    await fetch(url, { headers: json }),
    await fetch(new URL("/d/x/y", worker.url)),
    await fetch(new URL("/health", worker.url)),
  ];
  for (const answer of answers) {
    const { headers } = answer;
    expect(headers.get("content-type"), answer.url).toMatch(/json/);
    expect(headers.get("cache-control"), answer.url).toBe("no-store");
    expect(headers.get("x-content-type-options"), answer.url).toBe("nosniff");
    expect(headers.get("strict-transport-security"), answer.url).toBeNull();
    await answer.body?.cancel();
  }
});

test("a file that is JSON is kept as any other", async () => {
  const ann = await newCaller({ stack: worker });
  const metadata = { filename: "data.json", filetype: "application/json" };
  const fileId = await uploadClean(worker, ann, Buffer.from("{}"), metadata);
  const answer = await ann.fetch(`/v1/files/${fileId}/content`);
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(answer.headers.get("cache-control")).toBe("private, no-cache");
});

const ORIGIN = "https://crm.example";

/** Asks as if it came by a name and a scheme. */
async function askAt(stack: WorkerAlone, url: string): Promise<{ status: number; hsts: string | null }> {
  const main = (await stack.miniflare.getWorker("causeway")) as unknown as {
    fetch(asked: string): Promise<Response>;
  };
  const answer = await main.fetch(url);
  await answer.arrayBuffer();
  return { status: answer.status, hsts: answer.headers.get("strict-transport-security") };
}

test("outside of loopback every answer asks to be asked for by https alone", async () => {
  const deployed = await startWorkerAlone({ PUBLIC_ORIGIN: ORIGIN });
  const hsts = "max-age=31536000; includeSubDomains";
  expect(await askAt(deployed, `${ORIGIN}/health`)).toEqual({ status: 200, hsts });
  expect(await askAt(deployed, `${ORIGIN}/v1/nowhere`)).toEqual({ status: 404, hsts });
  expect(await askAt(deployed, `${ORIGIN}/docs`)).toEqual({ status: 200, hsts });
  // RFC 6797, 7.2: never said by http. And on loopback nobody wants to be held to it.
  expect((await askAt(deployed, "http://crm.example/health")).hsts).toBeNull();
  expect((await askAt(deployed, "https://localhost/health")).hsts).toBeNull();
});

test("a deployment that doesn't know where it is answers nothing; on loopback that is known", async () => {
  const lost = await startWorkerAlone({ PUBLIC_ORIGIN: "" });
  expect(await askAt(lost, `${ORIGIN}/health`)).toMatchObject({ status: 500 });
  expect(await askAt(lost, "http://127.0.0.1.crm.example/health")).toMatchObject({ status: 500 });
  const ann = await newCaller({ stack: lost });
  const { url } = await createLink(ann, await uploadClean(lost, ann));
  expect(new URL(url).origin).toBe(new URL(lost.url).origin);
});

/** A request that says it is for another host: `fetch` writes its own. */
function askAs(host: string, path: string, method: string, token: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { host, authorization: `Bearer ${token}`, "content-type": "application/json" };
    const asked = request(new URL(path, worker.url), { method, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("end", () => resolve(text));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

test("no address that is given out comes from what a request says of its host", async () => {
  const ann = await newCaller({ stack: worker });
  const fileId = await uploadClean(worker, ann);
  await publish(ann, fileId);
  const ask = (method: string, path: string, body = "") =>
    askAs("evil.example", path, method, ann.token, body);
  const told = [
    await ask("POST", `/v1/files/${fileId}/share-links`, "{}"),
    await ask("GET", `/v1/files/${fileId}/share-links`),
    await ask("POST", "/v1/signed-urls", JSON.stringify({ items: [{ fileId }] })),
    await ask("GET", `/v1/files/${fileId}`),
  ];
  for (const text of told) {
    expect(text).not.toContain("evil.example");
    expect(text).toContain(`"${worker.url}/`);
  }
});
