import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants, setPriority } from "node:os";

export interface Check {
  /** Resolves, when it is over, with what it printed if it failed. */
  readonly failure: Promise<string | undefined>;
}

/**
 * Starts `npm run check` beside the tests. They are busy for most of the time only, and it takes just what they leave:
 * what tests measure is no other for it.
 */
export function startCheck(root: string): Check {
  const child = spawn("npm", ["run", "--silent", "check"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const failure = once(child, "close").then(
    ([code]) => (code === 0 ? undefined : output),
    (error: unknown) => String(error),
  );
  return { failure };
}
