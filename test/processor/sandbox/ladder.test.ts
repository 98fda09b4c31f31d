import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { chooseRung, type Isolation, isIsolated } from "../../../processor/sandbox/ladder.ts";
import type { Rung } from "../../../processor/sandbox/rung.ts";

const ALL: Isolation = { network: true, files: true, processes: true, user: true };
const SOME: Isolation = { ...ALL, files: false };
const FEW: Isolation = { ...SOME, network: false };

const RUNGS = (["bubblewrap", "landlock", "limits"] as const).map((name): Rung => ({
  name,
  boundsScratch: false,
  wrap: ({ command }) => command,
}));

function choose(found: Partial<Record<Rung["name"], Isolation>>) {
  const tried: string[] = [];
  const chosen = chooseRung(RUNGS, ({ name }) => {
    tried.push(name);
    return Promise.resolve(found[name]);
  });
  return chosen.then(({ rung, isolation }) => ({ rung: rung.name, isolation, tried }));
}

describe("the ladder", () => {
  test("ends at the first rung on which all holds", async () => {
    const found = { bubblewrap: ALL, landlock: ALL, limits: FEW };
    expect(await choose(found)).toEqual({ rung: "bubblewrap", isolation: ALL, tried: ["bubblewrap"] });
  });

  test.each([
    { what: "runs nothing", bubblewrap: undefined },
    { what: "keeps less than all", bubblewrap: SOME },
  ])("goes on below a rung that $what", async ({ bubblewrap }) => {
    const found = { ...(bubblewrap ? { bubblewrap } : {}), landlock: ALL, limits: FEW };
    expect(await choose(found)).toMatchObject({ rung: "landlock", isolation: ALL });
  });

  test("takes the rung on which most holds, if all does on none", async () => {
    const found = { landlock: SOME, limits: FEW };
    expect(await choose(found)).toMatchObject({ rung: "landlock", isolation: SOME });
    expect(await choose({ limits: FEW })).toMatchObject({ rung: "limits", isolation: FEW });
    expect(await choose({ landlock: FEW, limits: FEW })).toMatchObject({ rung: "landlock" });
  });

  test("has an end", async () => {
    await expect(choose({})).rejects.toThrow("No tool");
  });
});

test.each(["network", "files", "processes", "user"] as const)("without %s it is no isolation", (name) => {
  expect(isIsolated(ALL)).toBe(true);
  expect(isIsolated({ ...ALL, [name]: false })).toBe(false);
});

describe.runIf(process.platform === "linux")("this machine, as it is and with less allowed, chooses", () => {
  const CHILD = fileURLToPath(new URL("../support/isolation-child.ts", import.meta.url));
  const UNPRIVILEGED =
    process.getuid?.() === 0 ? ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups", "--"] : [];
  /** As in a container under Docker's default rules: another user than root, to whom the kernel gives no namespaces. */
  const NO_NAMESPACES = [
    ...["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--uid", "1234", "--gid", "1234"],
    ...["--disable-userns", "--"],
  ];

  test.each([
    { what: "as we are", prefix: [], rung: "bubblewrap" },
    { what: "as an unprivileged user", prefix: UNPRIVILEGED, rung: "bubblewrap" },
    { what: "without namespaces", prefix: NO_NAMESPACES, rung: "landlock" },
  ])("$what: $rung, and all holds", async ({ prefix, rung }) => {
    const [program, ...args] = [...prefix, process.execPath, CHILD];
    const { stdout } = await promisify(execFile)(program, args, { cwd: "/" });
    expect(JSON.parse(stdout)).toEqual({ rung, isolation: ALL, wrote: { ok: true, stdout: "" } });
  });
});
