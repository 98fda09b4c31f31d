import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where programs are that aren't in everybody's PATH: what a service manager gives is short, and macOS has its own. */
const MORE_FOLDERS = [
  ...["/usr/local/bin", "/usr/bin", "/bin", "/opt/homebrew/bin"],
  "/Applications/LibreOffice.app/Contents/MacOS",
];

/**
 * The absolute path of a program; undefined where there is none of that name.
 * @param path folders to look in, as PATH has them; by default those of PATH, and a few that it may lack
 */
export function findProgram(name: string, path = defaultPath()): string | undefined {
  const folders = path.split(delimiter).filter((folder) => folder.startsWith("/"));
  return folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
}

function defaultPath(): string {
  return [process.env["PATH"] ?? "", ...MORE_FOLDERS].join(delimiter);
}
