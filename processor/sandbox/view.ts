import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { dirname } from "node:path";
import { BUILT, PACKAGE } from "./child-script.ts";

/**
 * Programs, libraries, fonts, and what they are set up by. Nothing here is a secret, nor changes while a tool runs. Of
 * the package only its code: what else is in its directory (state of a development stack, `.dev.vars`) isn't named.
 */
const READABLE = [
  "/usr",
  ...[
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/libreoffice",
    "/etc/localtime",
    "/etc/ssl/openssl.cnf",
  ],
  ...["/var/cache/fontconfig", "/var/lib/libreoffice", "/var/spool/libreoffice"],
  process.execPath,
  ...["package.json", "node_modules", "processor"].map((name) => `${PACKAGE}/${name}`),
  BUILT,
];

/** Where Debian had directories once, and now has links into /usr. */
const SYSTEM = ["/bin", "/lib", "/lib64", "/sbin"];

export const DEVICES = ["/dev/null", "/dev/urandom", "/dev/random", "/dev/zero"].filter((path) =>
  existsSync(path),
);

export interface SystemView {
  /** Files and directories that tools may read, none of them inside of another. */
  readonly readable: readonly string[];
  readonly links: readonly { readonly path: string; readonly target: string }[];
}

/** What tools see of the system: read-only, and only what is there. */
export function systemView(): SystemView {
  const system = SYSTEM.filter((path) => existsSync(path));
  const linked = system.filter((path) => lstatSync(path).isSymbolicLink());
  const readable = [...READABLE, ...system.filter((path) => !linked.includes(path))];
  return {
    readable: readable.filter((path) => existsSync(path) && !readable.some((other) => isInside(path, other))),
    links: linked.map((path) => ({ path, target: readlinkSync(path) })),
  };
}

/** The directories above a path, from the top: for a root that has none of them yet. */
export function ancestors(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === "/" ? [] : [...ancestors(parent), parent];
}

function isInside(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}
