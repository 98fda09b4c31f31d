import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserContext, chromium } from "playwright-core";

/**
 * Chromium's shell comes first: the same pages by the same engine, without a browser's own windows around each of them,
 * which are drawn even where nobody sees them and take more than the pages.
 */
const PROGRAMS = ["chromium-headless-shell", "chromium", "chromium-browser"];
/** Where scripts/bootstrap.mjs looks for them too. */
const DIRECTORIES = (process.env["PATH"] ?? "").split(delimiter);
/** Without these Chromium calls Google's hosts at every start, and as root it refuses to run. */
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync";

function launchOptions() {
  const paths = PROGRAMS.flatMap((name) => DIRECTORIES.map((directory) => join(directory, name)));
  const executablePath = paths.find((path) => existsSync(path)) ?? "chromium";
  return { executablePath, args: FLAGS.split(" ") };
}

/** The system's Chromium without a window. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch(launchOptions());
}

/** The same as a user has it, with what it keeps from one start to the next in `directory`. Closing it ends it. */
export function launchProfile(directory: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(directory, launchOptions());
}
