import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";

export interface AptOptions {
  /** Takes what apt says: a file that outlives us, for it may go on when we end. */
  readonly logFile: string;
  /** Ends what can be ended at any time: renewing lists, downloading. */
  readonly signal: AbortSignal;
}

/** What is renewed or downloaded in this time isn't coming. */
const DOWNLOAD_MS = 15 * 60_000;
/** Another apt, as of a machine that has just been started, has the lock for some minutes. */
const LOCK_SECONDS = 300;

/**
 * Installs Debian packages. First they are downloaded, which may be broken off; then unpacked, which may not: dpkg that
 * is killed leaves a system that has to be mended. So that goes on to its end, also when this process ends before.
 * Throws a sentence that says what failed.
 */
export async function installPackages(packages: readonly string[], options: AptOptions): Promise<void> {
  const install = ["install", "-y", "--no-install-recommends"];
  const lock = ["-o", `DPkg::Lock::Timeout=${LOCK_SECONDS}`];
  await runStoppable("apt-get", ["update", ...lock], options).catch(() => {
    // Offline, or another has the lists. What they said last may be enough.
  });
  await runStoppable("apt-get", [...lock, ...install, "--download-only", ...packages], options);
  options.signal.throwIfAborted();
  // Mends what was cut before, as by a power failure.
  await run("dpkg", ["--configure", "-a"], options.logFile);
  await run("apt-get", [...lock, ...install, "--no-download", ...packages], options.logFile);
}

async function runStoppable(command: string, args: readonly string[], options: AptOptions): Promise<void> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(DOWNLOAD_MS)]);
  signal.throwIfAborted();
  await run(command, args, options.logFile, signal);
}

/** In a group of its own, so that Ctrl-C in a terminal isn't for it. */
async function run(
  command: string,
  args: readonly string[],
  logFile: string,
  signal?: AbortSignal,
): Promise<void> {
  const log = openSync(logFile, "a");
  const child = spawn(command, args, {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
  });
  closeSync(log);
  child.unref();
  const end = () => child.kill("SIGTERM");
  signal?.addEventListener("abort", end, { once: true });
  try {
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new Error(`"${command} ${args.join(" ")}" failed: ${logFile} says why.`);
  } finally {
    signal?.removeEventListener("abort", end);
  }
}
