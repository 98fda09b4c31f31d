import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync";
const ROOT = new URL("../../../client/demo", import.meta.url).pathname;

/** Builds the demo into a new directory, which the caller removes. */
export async function buildDemo(): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), "causeway-demo-"));
  await build({ root: ROOT, logLevel: "error", build: { outDir, emptyOutDir: true } });
  return outDir;
}

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(" ") });
}
