import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
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

/** Processes tell over a socket what they do. */
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "causeway-supervisor-"));
  heard = [];
  server = createServer((socket) => {
    socket.setEncoding("utf8").on("data", (text: string) => {
      heard.push(text);
      server.emit("heard");
    });
  });
  server.listen(join(directory, "socket"));
  await once(server, "listening");
  const [madeServer, made] = [server, directory];
  onTestFinished(async () => {
    madeServer.close();
    await rm(made, { recursive: true });
  });
});

async function untilHeard(...texts: string[]): Promise<void> {
  while (!texts.every((text) => heard.includes(text))) await once(server, "heard");
}

/** A process that says when it is there, and then runs `then`, in which `say(text)` says more. */
function service(name: string, then: string): Service {
  const script = `
    const { connect } = require("node:net");
    const say = (text) => new Promise((done) => connect(process.env.SOCKET).end(text, done));
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
  const stop = new AbortController();
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
  expect(await supervise({ main, helpers }, log, new AbortController().signal)).toBe(7);
});

test("a helper that ends is started again, and what isn't there doesn't end the others", async () => {
  const stop = new AbortController();
  const missing: Service = { name: "missing", command: [join(directory, "missing")], env: {} };
  const ended = supervise({ helpers: [service("helper", "process.exit(1)"), missing] }, log, stop.signal);
  while (heard.length < 2) await once(server, "heard");
  stop.abort();
  expect(await ended).toBe(0);
});

test("a helper that doesn't end when it is told is killed", async () => {
  const stop = new AbortController();
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
