import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import type { FileList } from "#contract/listing.ts";
import type { FileVersion } from "#contract/versions.ts";
import { fileIdOf, newCaller, sharedStack, uploadFile } from "../support/api.ts";
import { launchChromium } from "../support/browser.ts";
import { servePage } from "../support/built-page.ts";
import { useStarted } from "../support/started.ts";
import { expectStored, listedFiles } from "../support/tus.ts";

/** The examples of docs/integrating.md, as they stand there. */

const DOCUMENT = new URL("../../docs/integrating.md", import.meta.url);

/** The example that exports a name. */
async function exampleOf(name: string): Promise<string> {
  const blocks = (await readFile(DOCUMENT, "utf8")).matchAll(/^```[jt]s\n([\s\S]*?)^```$/gm);
  const found = [...blocks].map(([, code = ""]) => code).filter((code) => code.includes(`function ${name}(`));
  expect(found, name).toHaveLength(1);
  return (await transform(found[0] ?? "", { loader: "ts" })).code;
}

/** With our own package as the sources are here. */
async function ownExampleOf(name: string, pathOf: (url: URL) => string): Promise<string> {
  const sourceOf = (path: string) => pathOf(new URL(`../../client/${path}`, import.meta.url));
  return (await exampleOf(name))
    .replace("@causeway/client/server", sourceOf("server/index.ts"))
    .replace("@causeway/client", sourceOf("index.ts"));
}

/** One that needs no page and no package. */
async function importExample<T extends object>(name: string): Promise<T> {
  return importCode(await exampleOf(name));
}

function importCode<T extends object>(code: string): Promise<T> {
  return import(`data:text/javascript,${encodeURIComponent(code)}`) as Promise<T>;
}

const crm = useStarted(async () =>
  servePage(
    [
      await exampleOf("resumableUploads"),
      await ownExampleOf("contactPage", fileURLToPath),
      "Object.assign(globalThis, { resumableUploads, plainUploads, contactPage });",
    ].join("\n"),
  ),
);

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** What of Uppy is used here. */
interface Uploader {
  addFile(file: { readonly name: string; readonly type: string; readonly data: Blob }): void;
  on(
    event: "complete",
    listener: (outcome: { readonly successful: readonly { uploadURL: string }[] }) => void,
  ): void;
}
type MakeUploader = (api: string, token: string, say: (text: string) => void) => Uploader;
type Way = "resumableUploads" | "plainUploads";

async function openPage(): Promise<Page> {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(crm.url);
  await page.waitForFunction(() => "plainUploads" in globalThis);
  return page;
}

/** Uploads a text in the page; resolves with its address, if it has one, and with what people were told. */
async function uploadBy(way: Way, token: string, name: string) {
  const page = await openPage();
  const posts: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST") posts.push(request.url());
  });
  const api = new URL(sharedStack().url).origin;
  const outcome = await page.evaluate(
    (asked) =>
      new Promise<{ url: string | undefined; said: readonly string[] }>((resolve) => {
        const said: string[] = [];
        const make = (globalThis as unknown as Record<Way, MakeUploader>)[asked.way];
        const uploader = make(asked.api, asked.token, (text) => said.push(text));
        uploader.on("complete", ({ successful }) => resolve({ url: successful[0]?.uploadURL, said }));
        uploader.addFile({ name: asked.name, type: "text/plain", data: new Blob(["hello"]) });
      }),
    { way, api, token, name },
  );
  return { ...outcome, posts: posts.length };
}

test.each<Way>(["resumableUploads", "plainUploads"])("Uppy's example uploads: %s", async (way) => {
  const caller = await newCaller();
  const { url, said } = await uploadBy(way, caller.token, "notes.txt");
  expect(said).toEqual([]);
  await expectStored(caller, fileIdOf(url ?? ""), Buffer.from("hello"));
});

test.each<Way>(["resumableUploads", "plainUploads"])(
  "Uppy's example tells people why a file is refused, and asks once: %s",
  async (way) => {
    const caller = await newCaller();
    const { url, said, posts } = await uploadBy(way, caller.token, "setup.exe");
    expect(said).toEqual(['setup.exe: Files ending in ".exe" are not accepted.']);
    expect([url, posts]).toEqual([undefined, 1]);
    expect(await listedFiles(caller)).toEqual([]);
  },
);

test("the example of a raw body sends it by its name, and throws why it is refused", async () => {
  const caller = await newCaller();
  const { sendFile } = await importExample<{
    sendFile(api: string, token: string, file: object): Promise<FileRecord>;
  }>("sendFile");
  const api = new URL(sharedStack().url).origin;
  const name = "Angebot (für 'Łódź') 100%.csv";
  const record = await sendFile(api, caller.token, { name, type: "text/csv", content: "a,b" });
  expect(record).toMatchObject({
    filename: name,
    mimeType: "text/csv",
    entityType: "contact",
    entityId: "c-1042",
  });
  await expectStored(caller, record.id, Buffer.from("a,b"));
  const refused = sendFile(api, caller.token, { name: "setup.exe", type: "text/csv", content: "a,b" });
  await expect(refused).rejects.toThrow('Files ending in ".exe" are not accepted.');
});

test("the example of a contact's files reads and sends within the contact, and its versions are waited for", async () => {
  const backend = await newCaller({ user: "crm", role: "service" });
  const api = new URL(sharedStack().url).origin;
  const { openContact } = await importExample<{
    openContact(api: string, token: string, userId: string, contactId: string): Promise<{ token: string }>;
  }>("openContact");
  const { sendFile } = await importExample<{
    sendFile(api: string, token: string, file: object): Promise<FileRecord & { versionUrl: string }>;
  }>("sendFile");
  const { checkedVersion } = await importExample<{
    checkedVersion(api: string, token: string, versionUrl: string): Promise<FileVersion>;
  }>("checkedVersion");
  const file = { name: "offer.csv", type: "text/csv", content: "a,b" };
  // The example attaches what it sends to this contact.
  const { token } = await openContact(api, backend.token, "ann", "c-1042");
  const record = await sendFile(api, token, file);
  expect(await checkedVersion(api, token, record.versionUrl)).toMatchObject({ state: "clean", version: 1 });
  const listed = await fetch(`${api}/v1/files`, { headers: { authorization: `Bearer ${token}` } });
  expect(((await listed.json()) as FileList).items).toMatchObject([{ id: record.id, ownerId: "ann" }]);
  const other = await openContact(api, backend.token, "ann", "c-7");
  await expect(sendFile(api, other.token, file)).rejects.toThrow("The grant is for another entity.");
});

test("the example of what is accepted is what a file input takes", async () => {
  const caller = await newCaller();
  const { acceptedFiles } = await importExample<{
    acceptedFiles(api: string, token: string): Promise<string>;
  }>("acceptedFiles");
  const accept = (await acceptedFiles(new URL(sharedStack().url).origin, caller.token)).split(",");
  expect(accept).toEqual(expect.arrayContaining(["application/pdf", ".pdf", "image/jpeg", ".jpg"]));
  expect(accept.filter((each) => !/^(\.\w+|\w+\/[\w.+-]+)$/.test(each))).toEqual([]);
});

interface TenantFiles {
  openContact(userId: string, contactId: string): Promise<{ token: string; expiresAt: string }>;
  keep(contactId: string, filename: string, content: Blob): Promise<FileRecord>;
  urlsOf(contactId: string): Promise<readonly { ok: boolean; url: string }[]>;
}

interface ContactPage {
  list(): Promise<FileList>;
  send(file: File, say: (text: string) => void): void;
  remove(fileId: string): Promise<string | undefined>;
}

/** Of its arguments those that this test has. */
type OpenContactPage = (
  api: string,
  tenantId: string,
  userId: string,
  ask: () => Promise<object>,
) => ContactPage;

test("the examples in TypeScript: a backend keeps files of a contact, and a page sends, lists and deletes them", async () => {
  const backend = await newCaller({ user: "crm", role: "service" });
  const api = new URL(sharedStack().url).origin;
  const code = await ownExampleOf("tenantFiles", ({ href }) => href);
  const { tenantFiles } = await importCode<{
    tenantFiles(api: string, serviceToken: () => Promise<string>): TenantFiles;
  }>(code);
  const files = tenantFiles(api, () => Promise.resolve(backend.token));
  expect(await files.keep("c-9", "offer.csv", new Blob(["a,b"]))).toMatchObject({ state: "clean" });
  const [signed] = await files.urlsOf("c-9");
  expect(await (await fetch(signed?.url ?? "")).text()).toBe("a,b");

  const page = await openPage();
  const grant = await files.openContact("ann", "c-9");
  const outcome = await page.evaluate(
    async (asked) => {
      const { contactPage } = globalThis as unknown as { contactPage: OpenContactPage };
      const contact = contactPage(asked.api, asked.tenantId, "ann", () => Promise.resolve(asked.grant));
      const send = (name: string) =>
        new Promise<string>((resolve) => contact.send(new File(["hello"], name), resolve));
      const said = [await send("notes.txt"), await send("setup.exe")];
      const names = (await contact.list()).items.map(({ filename }) => filename);
      const { id } = (await contact.list()).items[0] ?? { id: "" };
      return { said, names, removed: [await contact.remove(id), await contact.remove(id)] };
    },
    { api, tenantId: backend.tenantId, grant },
  );
  expect(outcome).toEqual({
    said: [
      "clean",
      expect.stringMatching(/^Files ending in "\.exe" are not accepted\. Accepted are \.pdf, /),
    ],
    names: ["notes.txt", "offer.csv"],
    removed: [undefined, "Somebody has deleted it already."],
  });
});

test("a page is told what changes by the socket that the guide opens", async () => {
  type Listen = (
    api: string,
    token: string,
    entity: object,
    onMessage: (told: Told) => void,
  ) => Promise<WebSocket>;
  interface Told {
    readonly type: string;
    readonly data?: { readonly fileId?: string };
  }
  const { listen } = await importExample<{ listen: Listen }>("listen");
  const ann = await newCaller();
  const told: Told[] = [];
  const socket = await listen(sharedStack().url, ann.token, {}, (message) => void told.push(message));
  await expect.poll(() => told.map(({ type }) => type)).toEqual(["hello"]);
  const fileId = await uploadFile(ann, Buffer.from("hello"));
  await expect
    .poll(() => told.filter(({ data }) => data?.fileId === fileId).map(({ type }) => type))
    .toContain("file.ready");
  socket.close();
});
