import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { getRecord, newCaller, type Caller } from "../support/api.ts";
import { cuttingProxy } from "../support/tus-clients.ts";
import { expectStored, textOf } from "../support/tus.ts";

/** tus-py-client, by the example of docs/clients.md as it stands there. Debian's, which belongs to Debian's Python. */

const DOCUMENT = new URL("../../docs/clients.md", import.meta.url);
const PYTHON = "/usr/bin/python3";

/** What the example says of files that it sends for a contact one after the other, in a directory of the test's own. */
async function sendBy(
  { token }: Caller,
  api: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-python-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  const [, example = ""] = /^```python\n([\s\S]*?)^```$/m.exec(await readFile(DOCUMENT, "utf8")) ?? [];
  // Of the example's chunk size there would be one.
  const script = `${example.replace("50_000_000", "400_000")}
import sys
for name in sys.argv[3:]:
    try:
        print(send(sys.argv[1], sys.argv[2], name, "c-1042"))
    except ValueError as error:
        print(error)
`;
  const args = ["-c", script, api, token, ...Object.keys(files)];
  const { stdout } = await promisify(execFile)(PYTHON, args, { cwd: directory });
  return stdout.trim().split("\n");
}

test("Python's example sends in chunks, goes on after a lost connection, and says why a file is refused", async () => {
  const caller = await newCaller();
  const bytes = Buffer.from(textOf(1_000_000));
  const proxy = await cuttingProxy([600_000]);
  const files = { "leads.csv": bytes, "setup.exe": Buffer.from("hello") };
  const [fileId = "", refusal] = await sendBy(caller, new URL(proxy.url).origin, files);
  expect(refusal).toBe('Files ending in ".exe" are not accepted.');
  expect(await getRecord(caller, fileId)).toMatchObject({
    ...{ filename: "leads.csv", entityType: "contact", entityId: "c-1042" },
  });
  await expectStored(caller, fileId, bytes);
});
