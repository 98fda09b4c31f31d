// Brings a fresh clone to where the real scripts can run: the npm packages, and with them Node 24, and the system
// packages. It runs under whatever Node there is (20 or newer) before anything is installed: built-ins only.
//   --test      also what only tests need
//   --packages  only npm packages: for scripts that start nothing

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  canInstall,
  installSentence,
  isThere,
  PREVIEW_PROGRAMS,
  PRODUCT_PROGRAMS,
} from "./preview-programs.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const forTests = process.argv.includes("--test");
const packagesOnly = process.argv.includes("--packages");
/** To standard error: `npm run token` prints a token on standard output and nothing else. */
const say = (text) => process.stderr.write(`${text}\n`);

/** HEIC photos are made by heif-enc, which comes with heif-dec; its HEVC is a package of its own on Debian. */
const HEIC_ENCODER = {
  ...{ program: "x265 for libheif", debian: "libheif-plugin-x265", macos: "libheif" },
  anyOf: [
    ...["x86_64", "aarch64"].map((arch) => `/usr/lib/${arch}-linux-gnu/libheif/plugins/libheif-x265.so`),
    ...["/opt/homebrew/lib/libheif.dylib", "/usr/local/lib/libheif.dylib"],
  ],
};

/** The tests' browser, or the same without windows, which takes half as long for a page. */
const CHROMIUM = { program: "chromium", debian: "chromium", macos: "--cask chromium" };
const SHELL = { program: "chromium-headless-shell", debian: "chromium-headless-shell", macos: "" };

/** 70 MB, and as much again where there is none of Chromium yet. */
const SHELL_DEADLINE_MS = 300_000;

/** An S3 that others wrote. */
const S3_SERVER = { program: "moto_server", debian: "python3-moto python3-flask-cors", macos: "moto" };

/** A client in another language, for Debian's Python alone: Homebrew has none. */
const TUS_PYTHON = {
  ...{ program: "tus-py-client", debian: "python3-tuspy", macos: "" },
  anyOf: ["/usr/lib/python3/dist-packages/tusclient/__init__.py"],
};

/**
 * Programs that the product runs, by the Debian packages that bring them. What only previews need is installed by the
 * stack while it runs; tests can't wait for that.
 */
const PROGRAMS = [
  // What isolates tools is a thing of Linux (docs/decisions/0020-tool-isolation.md).
  ...PRODUCT_PROGRAMS.filter(({ macos }) => process.platform === "linux" || macos !== ""),
  ...(forTests ? [CHROMIUM] : []),
  ...(forTests ? [...PREVIEW_PROGRAMS, HEIC_ENCODER, S3_SERVER] : []),
  ...(forTests && process.platform === "linux" ? [TUS_PYTHON] : []),
];

/** What is there in any case once packages are installed: an install that was cut, or left something out, isn't one. */
const COMMANDS = ["node", "wrangler", "vite", ...(forTests ? ["vitest"] : [])];

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

function requireGlibc() {
  if (process.platform !== "linux") return;
  process.report.excludeNetwork = true;
  /** @type {{ header: { glibcVersionRuntime?: string } }} */
  const { header } = process.report.getReport();
  if (header.glibcVersionRuntime !== undefined) return;
  fail(
    "Alpine, and whatever else has musl for its C library, can't run workerd: use Debian or Ubuntu, or a container of them.",
  );
}

const missingCommand = () => COMMANDS.find((name) => !existsSync(join(root, "node_modules", ".bin", name)));

function installPackages() {
  const stamp = join(root, "node_modules", ".causeway-lock");
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock && missingCommand() === undefined) return;
  say("Installing npm packages (about a minute)…");
  rmSync(stamp, { force: true });
  // Not `npm ci`: it refuses a lockfile made against a registry that mirrors some platforms' packages only. This
  // installs the same locked versions, checked against the same hashes. All kinds of them, whatever NODE_ENV or
  // npm's own configuration say: the demo page is built by a tool, and Node is an optional package of each platform.
  const kinds = ["--include=dev", "--include=optional"];
  run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", ...kinds]);
  const missing = missingCommand();
  if (missing === "node") {
    fail(`npm has no Node 24 for ${process.platform}-${process.arch}: use Linux or macOS, on x64 or arm64.`);
  }
  if (missing !== undefined) fail(`npm left ${missing} out: remove node_modules, and start again.`);
  writeFileSync(stamp, lock);
}

/** Some distributions haven't got it, and where there is no network the browser that is there will do: it may fail. */
function installShell() {
  const tried = join(root, "node_modules", ".causeway-no-shell");
  if (isThere(SHELL) || !canInstall() || existsSync(tried)) return;
  say("Installing what tests draw pages with…");
  const patience = ["-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10"];
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "--no-install-recommends", SHELL.debian],
  ]) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", [...patience, ...args], { stdio: "ignore", env, timeout: SHELL_DEADLINE_MS });
  }
  // Not to be had is asked about once for what npm installed.
  if (!isThere(SHELL)) writeFileSync(tried, "");
}

function installPrograms() {
  if (forTests) installShell();
  const missing = PROGRAMS.filter((each) => !isThere(each) && !(each === CHROMIUM && isThere(SHELL)));
  if (missing.length === 0) return;
  if (!canInstall()) fail(installSentence(missing));
  const names = missing.flatMap(({ debian }) => debian.split(" "));
  say(`Installing system packages: ${names.join(", ")}…`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["update", "-qq"], { env });
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names], { env });
}

requireNode();
requireGlibc();
installPackages();
if (!packagesOnly) installPrograms();
