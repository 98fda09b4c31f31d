/**
 * The strongest rung: two sandboxes, one within the other. The outer one is only there to hold the tool's scratch
 * space, a file system in memory that can't grow over its size. The inner one is what the tool sees: a root of its own,
 * put together of what tools need, all read-only, with the scratch space at the scratch directory's path and the
 * inputs in it; its own processes, and no network. The tool never writes into the processor's scratch directory:
 * when it and all that it started are gone, the outer sandbox copies what it left there, and plain files only, so that
 * no link, pipe or depth of directories is waiting for us.
 *
 * As root it needs no user namespace, and the tool is some other user; otherwise both have a user namespace.
 */
import { limitCommand } from "./limits.ts";
import { becomeUser, FILTER_DESCRIPTOR, type Rung, type SandboxJob } from "./rung.ts";
import { ancestors, DEVICES, type SystemView } from "./view.ts";

const SPACE = ".space";
/** Files that a tool hands over; a document's pages are fewer. */
const MAX_PRODUCTS = 200;
/**
 * Empty ones are no products: the places that inputs are mounted at look like that from outside. Of a file with several
 * names each copy would count, so it isn't one either.
 */
const COPY_PRODUCTS =
  `find ${SPACE} -mindepth 1 -maxdepth 1 -type f -links 1 -size +0c -print0` +
  ` | head -z -n ${MAX_PRODUCTS} | xargs -0 -r cp --no-preserve=mode -t .`;
/** A tool's failure is told as it was; what it left is no product then. */
const SCRIPT = `set -e; "$@"; ${COPY_PRODUCTS}`;

export function bubblewrapRung(view: SystemView): Rung {
  return {
    name: "bubblewrap",
    boundsScratch: true,
    wrap: (job) => [...outer(job), "/bin/sh", "-c", SCRIPT, "space", ...inner(job, view)],
  };
}

function outer({ scratch, limits, userId }: SandboxJob): readonly string[] {
  const space = ["--perms", "1777", "--size", String(limits.scratchBytes), "--tmpfs", `${scratch}/${SPACE}`];
  return [
    ...["bwrap", ...userNamespace(userId), "--unshare-pid", "--die-with-parent"],
    ...["--dev-bind", "/", "/", "--proc", "/proc", ...space, "--chdir", scratch, "--"],
  ];
}

function inner(
  { command, scratch, inputs, limits, userId }: SandboxJob,
  view: SystemView,
): readonly string[] {
  const paths = [...view.readable, ...DEVICES, scratch];
  return [
    ...[
      "bwrap",
      ...userNamespace(userId),
      "--unshare-pid",
      "--unshare-net",
      "--unshare-ipc",
      "--unshare-uts",
    ],
    ...["--die-with-parent", "--seccomp", String(FILTER_DESCRIPTOR)],
    // What isn't there is made for root alone otherwise.
    ...[...new Set(paths.flatMap(ancestors))].flatMap((path) => ["--dir", path]),
    ...view.links.flatMap(({ path, target }) => ["--symlink", target, path]),
    ...view.readable.flatMap((path) => ["--ro-bind", path, path]),
    ...DEVICES.flatMap((path) => ["--dev-bind", path, path]),
    ...["--proc", "/proc", "--bind", `${scratch}/${SPACE}`, scratch],
    ...inputs.flatMap((name) =>
      name === SPACE ? [] : ["--ro-bind", `${scratch}/${name}`, `${scratch}/${name}`],
    ),
    // The root is in memory too, and its size isn't limited.
    ...["--remount-ro", "/", "--chdir", scratch, "--"],
    ...becomeUser(userId),
    ...limitCommand(limits, limits.processes),
    ...command,
  ];
}

/** Its own user namespace also has its own count of processes. */
function userNamespace(userId: number | undefined): readonly string[] {
  return userId === undefined ? ["--unshare-user"] : [];
}
