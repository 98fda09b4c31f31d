import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { Service } from "../../../processor/container/services.ts";
import { supervise } from "../../../processor/container/supervisor.ts";
import { createLog } from "../../../processor/log.ts";
import { landlockService } from "../../../processor/sandbox/landlock.ts";
import { systemView } from "../../../processor/sandbox/view.ts";

let directory: string;
let server: Server;
let heard: string[];
const log = createLog("silent");

/** For what is waited for: a process that starts takes a second where the machine is busy. */
const DEADLINE_MS = 20_000;

/** Processes tell over a socket what they do, and end when it closes: none outlives its test, however that ends. */
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "causeway-supervisor-"));
  heard = [];
  const sockets = new Set<Socket>();
  server = createServer((socket) => {
    sockets.add(socket);
    socket
      .on("error", () => {})
      .setEncoding("utf8")
      .on("data", (text: string) => {
        heard.push(text);
        server.emit("heard");
      });
  });
  server.listen(join(directory, "socket"));
  await once(server, "listening");
  const [madeServer, made] = [server, directory];
  onTestFinished(async () => {
    madeServer.close();
    for (const socket of sockets) socket.destroy();
    await rm(made, { recursive: true });
  });
});

/** Nothing is started again after a test that fails, either. */
function newStop(): AbortController {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  return stop;
}

async function untilHeard(...texts: string[]): Promise<void> {
  await untilHeardThat(() => texts.every((text) => heard.includes(text)));
}

async function untilHeardThat(isSo: () => boolean): Promise<void> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  while (!isSo()) await once(server, "heard", { signal });
}

/** A process that says when it is there, and then runs `then`, in which `say(text)` says more. */
function service(name: string, then: string): Service {
  const script = `
    const { connect } = require("node:net");
    const say = (text) => new Promise((done) => connect(process.env.SOCKET).end(text, done));
    connect(process.env.SOCKET).on("close", () => process.exit(99)).on("error", () => {});
    say("${name} is there").then(() => { ${then} });
    setInterval(() => {}, 1000);`;
  return {
    name,
    command: [process.execPath, "-e", script],
    env: { SOCKET: join(directory, "socket") },
  };
}

/** Says that it was told to end, does, and says nothing more. */
const ENDS = (name: string, code: number) =>
  `process.on("SIGTERM", () => say("${name} is told to end").then(() => process.exit(${code}))); say("${name} is ready")`;

test("told to stop, the main process ends first, and its code is the container's", async () => {
  const stop = newStop();
  const services = {
    main: service("main", ENDS("main", 3)),
    helpers: [service("helper", ENDS("helper", 0))],
  };
  const ended = supervise(services, log, stop.signal);
  await untilHeard("main is ready", "helper is ready");
  stop.abort();
  expect(await ended).toBe(3);
  await untilHeard("helper is told to end");
  expect(heard.slice(-2)).toEqual(["main is told to end", "helper is told to end"]);
});

test("when the main process ends by itself, so does all", async () => {
  const main = service("main", "process.exit(7)");
  const helpers = [service("helper", "")];
  expect(await supervise({ main, helpers }, log, newStop().signal)).toBe(7);
});

test("a helper that ends is started again, and what isn't there doesn't end the others", async () => {
  const stop = newStop();
  const missing: Service = { name: "missing", command: [join(directory, "missing")], env: {} };
  const ended = supervise({ helpers: [service("helper", "process.exit(1)"), missing] }, log, stop.signal);
  await untilHeardThat(() => heard.length >= 2);
  stop.abort();
  expect(await ended).toBe(0);
});

test("a helper that doesn't end when it is told is killed", async () => {
  const stop = newStop();
  const deaf = service("deaf", 'process.on("SIGTERM", () => {}); say("deaf is ready")');
  const ended = supervise({ helpers: [deaf] }, log, stop.signal);
  await untilHeard("deaf is ready");
  stop.abort();
  expect(await ended).toBe(0);
});

test("a scanner writes where it may, and reads neither files nor environments of others", async () => {
  const own = await mkdtemp(join(directory, "own-"));
  const other = join(directory, "other");
  await writeFile(other, "not for it");
  const run = (...command: string[]) => {
    const [program = "", ...args] = [...landlockService(systemView(), [own]), ...command];
    return spawnSync(program, args, { timeout: 10_000 }).status;
  };
  expect(run("touch", join(own, "written"))).toBe(0);
  expect(run("cat", join(own, "written"))).toBe(0);
  expect(run("cat", other)).not.toBe(0);
  expect(run("touch", join(directory, "elsewhere"))).not.toBe(0);
  expect(run("cat", `/proc/${process.pid}/environ`)).not.toBe(0);
});
