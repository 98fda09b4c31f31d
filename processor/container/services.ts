import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { landlockService } from "../sandbox/landlock.ts";
import { systemView } from "../sandbox/view.ts";
import { renderClamdConfig } from "../scan/clamd-config.ts";

const TRIAL_MS = 10_000;

/** A process of a container. */
export interface Service {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface ScannerOptions {
  /** Written again at each start; what a clamd that was killed left there is removed. */
  readonly directory: string;
  /** Kept between starts: the signatures, some 300 MB. */
  readonly databaseDirectory: string;
  readonly host: string;
  readonly port: number;
}

export interface ScannerServices {
  readonly services: readonly Service[];
  /** Whether clamd is kept from the files and processes of others. */
  readonly isIsolated: boolean;
}

/** clamd, by the project's limits, and freshclam, which has it read new signatures. Neither is given our environment. */
export function scannerServices({
  directory,
  databaseDirectory,
  ...address
}: ScannerOptions): ScannerServices {
  const temporaryDirectory = join(directory, "scans");
  rmSync(temporaryDirectory, { recursive: true, force: true });
  mkdirSync(temporaryDirectory, { recursive: true });
  const clamd = join(directory, "clamd.conf");
  const freshclam = join(directory, "freshclam.conf");
  writeFileSync(clamd, renderClamdConfig({ ...address, databaseDirectory, temporaryDirectory }));
  writeFileSync(freshclam, renderFreshclamConfig(databaseDirectory, clamd));
  // Its configuration is in `directory`, which has no secrets.
  const isolated = landlockService(systemView(), [directory, databaseDirectory]);
  const isIsolated = works([...isolated, "true"]);
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", TMPDIR: directory };
  const scan = ["clamd", "--config-file", clamd];
  return {
    isIsolated,
    services: [
      { name: "freshclam", command: ["freshclam", "--daemon", "--config-file", freshclam], env },
      { name: "clamd", command: isIsolated ? [...isolated, ...scan] : scan, env },
    ],
  };
}

export function processorService(env: NodeJS.ProcessEnv): Service {
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  return { name: "processor", command: [process.execPath, main], env };
}

function works([command = "", ...args]: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore", timeout: TRIAL_MS }).status === 0;
}

/** freshclam asks twelve times a day, which ClamAV's own configuration does too. */
function renderFreshclamConfig(databaseDirectory: string, clamdConfig: string): string {
  const lines = [
    "Foreground yes",
    `DatabaseDirectory ${databaseDirectory}`,
    "DatabaseMirror database.clamav.net",
    "Checks 12",
    `NotifyClamd ${clamdConfig}`,
  ];
  return `${lines.join("\n")}\n`;
}
