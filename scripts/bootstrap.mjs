// Brings a fresh clone to where the real scripts can run: the npm packages, and with them Node 24, and the system
// packages. It runs under whatever Node there is (20 or newer) before anything is installed: built-ins only.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const forTests = process.argv.includes("--test");
/** To standard error: `npm run token` prints a token on standard output and nothing else. */
const say = (text) => process.stderr.write(`${text}\n`);

/** Programs that the product runs, by the Debian package that brings them. The list grows with the product. */
const PROGRAMS = [
  { program: "clamd", debian: "clamav-daemon", alpine: "clamav-daemon", macos: "clamav" },
  ...(forTests
    ? [{ program: "chromium", debian: "chromium", alpine: "chromium", macos: "--cask chromium" }]
    : []),
];

function fail(text) {
  say(text);
  process.exit(1);
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args, options = {}) {
  // Output goes to standard error, so that what follows has standard output to itself.
  const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], ...options });
  if (status !== 0) fail(`"${command} ${args.join(" ")}" failed.`);
}

function requireNode() {
  const [major = 0] = process.versions.node.split(".").map(Number);
  if (major < 20) fail(`Node 20 or newer is needed; this is ${process.versions.node}.`);
}

function installPackages() {
  const stamp = join(root, "node_modules", ".causeway-lock");
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  say("Installing npm packages (about a minute)…");
  // Not `npm ci`: it refuses a lockfile made against a registry that mirrors some platforms' packages only. This
  // installs the same locked versions, checked against the same hashes.
  run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(stamp, lock);
}

/**
 * Debian keeps daemons in sbin, which isn't always in an ordinary user's PATH.
 *
 * @param {string} program
 */
function isInstalled(program) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.some((folder) => folder !== "" && existsSync(join(folder, program)));
}

function installPrograms() {
  const missing = PROGRAMS.filter(({ program }) => !isInstalled(program));
  if (missing.length === 0) return;
  const names = missing.map(({ debian }) => debian);
  if (process.getuid?.() !== 0 || !isInstalled("apt-get")) {
    fail(
      `Please install ${missing.map(({ program }) => program).join(", ")}: ` +
        `Debian/Ubuntu "sudo apt-get install --no-install-recommends ${names.join(" ")}", ` +
        `macOS "brew install ${missing.map(({ macos }) => macos).join(" ")}", ` +
        `Alpine "apk add ${missing.map(({ alpine }) => alpine).join(" ")}".`,
    );
  }
  say(`Installing system packages: ${names.join(", ")}…`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-qq"], { env });
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names], { env });
}

requireNode();
installPackages();
installPrograms();
