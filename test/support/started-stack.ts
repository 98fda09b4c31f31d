import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { PROJECT_ROOT } from "../../scripts/dev/bundle.ts";
import { requireFreePort } from "../../scripts/dev/ports.ts";
import { RUNTIME_STATE } from "../../scripts/dev/workers.ts";
import type { StackAccess } from "./api.ts";
import { newStateDirectory } from "./migrated-state.ts";

const READY_LINE = /^causeway ready on (\S+)$/m;
const POLL_MS = 2;

/** Ways to start a stack: the script itself, and what people type, whose process is npm's. */
const COMMANDS = {
  node: [process.execPath, join(PROJECT_ROOT, "scripts", "start.ts")],
  npm: ["npm", "start"],
} as const;

/** A state directory and a port, on which a stack is started as often as the test likes. */
export interface StackPlace {
  readonly stateDirectory: string;
  readonly port: number;
  /**
   * Starts it and waits until it says that it is ready. Throws, with its output, when it ends instead.
   * @param isBuilding whether it builds, as people's does, though the tests have a build
   */
  start(by?: keyof typeof COMMANDS, isBuilding?: boolean): Promise<StartedStack>;
  /** Runs scripts/start.ts and waits for its end. Throws when it gets ready instead. */
  startInVain(): Promise<Ending>;
}

export interface GroupProcess {
  readonly pid: number;
  readonly command: string;
}

export interface Ending {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

/** A stack in a process group of its own. */
export interface StartedStack extends StackAccess {
  readonly pid: number;
  readonly stateDirectory: string;
  /** What is alive of its process group. */
  processes(): readonly GroupProcess[];
  /** The one process of the group whose command line has `part` in it. */
  processOf(part: string): GroupProcess;
  /** Kills the whole process group, as when the power fails, and waits until all of it is gone. */
  kill(): Promise<void>;
  /** Asks it to end, the process that was started alone or, as a terminal does on Ctrl-C, its whole group. */
  stop(signal: "SIGTERM" | "SIGINT", to?: "process" | "group"): Promise<Ending>;
  /** Kills the process that was started, and nothing else. */
  killStarter(): void;
}

interface Launched {
  readonly child: ChildProcess;
  readonly ending: Promise<Ending>;
  /** Resolves with the URL of the line that says so. Rejects when the process ends before. */
  readonly ready: Promise<string>;
}

/**
 * A fresh place. When the test is over, however it went, everything started there is killed and its directory removed.
 * @param beside another place whose state (not its port) or port is used
 */
export async function newPlace(beside: Partial<StackPlace> = {}): Promise<StackPlace> {
  const stateDirectory =
    beside.stateDirectory ?? (await newStateDirectory("causeway-faults-", RUNTIME_STATE));
  const port = beside.port ?? (await pickPort());
  const launched: Launched[] = [];
  onTestFinished(async () => {
    await Promise.all(launched.map(killGroup));
    if (beside.stateDirectory === undefined) await rm(stateDirectory, { recursive: true, force: true });
  });
  const launchHere = (by: keyof typeof COMMANDS = "node", isBuilding = false): Launched => {
    const each = launch(COMMANDS[by], environmentOf(isBuilding), port, stateDirectory);
    launched.push(each);
    return each;
  };
  return {
    stateDirectory,
    port,
    async start(by, isBuilding) {
      const each = launchHere(by, isBuilding);
      const url = await each.ready;
      return describeStack(each, url, stateDirectory);
    },
    startInVain() {
      const each = launchHere();
      return new Promise((resolve, reject) => {
        each.ready.then(
          (url) => reject(new Error(`The stack was started on ${url}.`)),
          () => {},
        );
        each.ending.then(resolve, reject);
      });
    },
  };
}

/**
 * Below the ports that the system gives to connections: between a kill and the next start nobody may take it.
 */
async function pickPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const free = await requireFreePort(port).then(
      () => true,
      () => false,
    );
    if (free) return port;
  }
}

function environmentOf(isBuilding: boolean): NodeJS.ProcessEnv {
  const { CAUSEWAY_BUILD: _built, ...others } = process.env;
  return isBuilding ? others : process.env;
}

function launch(
  [command, argument]: readonly [string, string],
  environment: NodeJS.ProcessEnv,
  port: number,
  stateDirectory: string,
): Launched {
  const startedAtMs = performance.now();
  const child = spawn(command, [argument], {
    cwd: PROJECT_ROOT,
    env: { ...environment, PORT: String(port), CAUSEWAY_STATE: stateDirectory, NO_COLOR: "1" },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { promise: ready, resolve, reject } = Promise.withResolvers<string>();
  ready.catch(() => {});
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      const url = READY_LINE.exec(output.stdout)?.[1];
      if (url !== undefined) resolve(url);
    });
  }
  const ending = once(child, "close").then(([exitCode]: (number | null)[]): Ending => {
    reject(new Error(`The stack ended with ${exitCode}:\n${output.stdout}${output.stderr}`));
    return { exitCode: exitCode ?? null, ...output, tookMs: performance.now() - startedAtMs };
  });
  return { child, ending, ready };
}

async function describeStack(each: Launched, url: string, stateDirectory: string): Promise<StartedStack> {
  const pid = pidOf(each.child);
  const secrets: unknown = JSON.parse(await readFile(join(stateDirectory, "secrets.json"), "utf8"));
  const { jwtSecret } = secrets as { jwtSecret: string };
  const processes = () => groupMembers(pid);
  return {
    ...{ url, jwtSecret, pid, stateDirectory, processes },
    processOf(part) {
      const [found, ...others] = processes().filter(({ command }) => command.includes(part));
      if (found === undefined || others.length > 0) throw new Error(`Not one process with "${part}".`);
      return found;
    },
    kill: () => killGroup(each),
    killStarter: () => process.kill(pid, "SIGKILL"),
    async stop(signal, to = "process") {
      const askedAtMs = performance.now();
      process.kill(to === "group" ? -pid : pid, signal);
      const ending = await each.ending;
      return { ...ending, tookMs: performance.now() - askedAtMs };
    },
  };
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("The stack could not be started.");
  return child.pid;
}

async function killGroup({ child, ending }: Launched): Promise<void> {
  const pid = pidOf(child);
  // What is left of a group whose leader ended keeps its number from being given to another.
  if (groupMembers(pid).length > 0) process.kill(-pid, "SIGKILL");
  await ending;
  while (groupMembers(pid).length > 0) await wait(POLL_MS);
}

/** The living processes of a group, by /proc. */
export function groupMembers(group: number): readonly GroupProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readMember(Number(name), group));
}

function readMember(pid: number, group: number): GroupProcess[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // proc(5): after the name in parentheses, which may hold anything, come state, parent and group.
    const [state, , memberOf] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(memberOf) !== group || state === "Z" || state === "X") return [];
    return [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ") }];
  } catch {
    // It ended while it was being looked at.
    return [];
  }
}
