import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/local/bin/chromium"];
/** Without these Chromium calls Google's hosts at every start, and as root it refuses to run. */
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync";

/** The system's Chromium without a window. */
export function launchChromium(): Promise<Browser> {
  const executablePath = PROGRAMS.find((path) => existsSync(path)) ?? "chromium";
  return chromium.launch({ executablePath, args: FLAGS.split(" ") });
}
