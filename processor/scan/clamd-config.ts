const MIB = 1024 * 1024;

/** What clamd is sent at most. Its own ceiling is just under 2 GiB; a larger object is unscannable. */
export const MAX_SCAN_BYTES = 2_000 * MIB;

/** clamd gives up on a file after this long and reports Heuristics.Limits.Exceeded. */
export const MAX_SCAN_TIME_MS = 120_000;

export interface ClamdConfig {
  readonly port: number;
  readonly databaseDirectory: string;
  /** For clamd's temporary copies of what it is sent: as large as (SCAN_CONCURRENCY + 1) × the largest file. */
  readonly temporaryDirectory: string;
  /** Loopback unless the container network says otherwise: clamd has no authentication. */
  readonly host?: string;
}

/**
 * clamd.conf for everyone who starts a clamd: `npm start`, the container, the tests. Debian's defaults are unsafe: they
 * call what is over 25 MB, or encrypted, OK.
 *
 * MaxFileSize must not be below MaxScanSize, or a member of an archive that is over it is skipped without a word.
 */
export function renderClamdConfig({
  port,
  databaseDirectory,
  temporaryDirectory,
  host = "127.0.0.1",
}: ClamdConfig): string {
  const lines = [
    "Foreground yes",
    `TCPSocket ${port}`,
    `TCPAddr ${host}`,
    `DatabaseDirectory ${databaseDirectory}`,
    `TemporaryDirectory ${temporaryDirectory}`,
    `StreamMaxLength ${MAX_SCAN_BYTES}`,
    `MaxFileSize ${MAX_SCAN_BYTES}`,
    `MaxScanSize ${MAX_SCAN_BYTES}`,
    `MaxScanTime ${MAX_SCAN_TIME_MS}`,
    "AlertExceedsMax yes",
    "AlertEncrypted yes",
    "ExitOnOOM yes",
  ];
  return `${lines.join("\n")}\n`;
}
