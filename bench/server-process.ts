import { fork } from "node:child_process";
import { once } from "node:events";

/** An HTTP server in a Node process of its own. */
export interface ServerProcess {
  readonly origin: URL;
  readonly pid: number;
  /** Resolved when the process has ended. */
  stop(): Promise<void>;
}

/** Starts a module that calls `serve`; it ends when it is stopped, or when this process does. */
export async function startServerProcess(
  module: URL,
  environment: Record<string, string> = {},
): Promise<ServerProcess> {
  const child = fork(module, { env: { ...process.env, ...environment } });
  const ended = once(child, "exit");
  const told = once(child, "message") as Promise<[{ readonly port: number }]>;
  const [{ port }] = await Promise.race([
    told,
    ended.then(([code]) => Promise.reject(new Error(`${module.pathname} exited with ${String(code)}`))),
  ]);
  if (child.pid === undefined) throw new Error(`${module.pathname} has no process`);
  const stop = async (): Promise<void> => {
    child.disconnect();
    await ended;
  };
  return { origin: new URL(`http://127.0.0.1:${port}`), pid: child.pid, stop };
}
