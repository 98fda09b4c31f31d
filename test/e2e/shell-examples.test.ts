import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { newTenantId, sharedStack } from "../support/api.ts";

/** What the documents have people type, typed from top to bottom without a pause. */

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LOCAL_STACK = "http://127.0.0.1:8787";

/** The shell blocks of a chapter, one after the other. */
async function commandsOf(document: string, chapter: string): Promise<string> {
  const text = await readFile(join(ROOT, document), "utf8");
  const [, , body = ""] =
    new RegExp(`^(## ${chapter})\\n([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, "m").exec(text) ?? [];
  const blocks = [...body.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
  expect(blocks.length, chapter).toBeGreaterThan(0);
  return blocks.join("\n");
}

/** Runs them against the shared stack, in a tenant of the test's own. Throws where one fails; returns what they print. */
async function run(commands: string): Promise<string> {
  const { url, jwtSecret } = sharedStack();
  const directory = await mkdtemp(join(tmpdir(), "causeway-shell-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const other = "another secret, of what isn't asked here";
  const secrets = { jwtSecret, reportSecret: other, signedUrlSecret: other, queuesToken: other };
  await writeFile(join(directory, "secrets.json"), JSON.stringify(secrets));
  const script = commands
    .replaceAll(LOCAL_STACK, new URL(url).origin)
    .replaceAll("--tenant acme", `--tenant ${newTenantId()}`)
    .replaceAll("/tmp/", `${directory}/`);
  const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", script], {
    cwd: ROOT,
    env: { ...process.env, CAUSEWAY_STATE: directory },
  });
  return stdout;
}

test("README's upload from a script", async () => {
  const printed = await run(await commandsOf("README.md", "Upload from a script"));
  expect(printed).toContain('"state":"clean"');
  expect(printed.trimEnd()).toMatch(/hello$/);
});

test("a CRM's day, from a grant to the second version (docs/integrating.md)", async () => {
  const printed = await run(await commandsOf("docs/integrating.md", "Put it into your CRM"));
  // The check's end, the bytes by the signed URL, and the version that is current in the end.
  expect(printed).toMatch(/^clean$[\s\S]*item,price\nboat,2400[\s\S]*\}2$/m);
});
