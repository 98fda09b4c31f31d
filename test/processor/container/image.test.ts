import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CONFIG_NAMES, parseConfig } from "../../../processor/config.ts";
import { PREVIEW_PROGRAMS, PRODUCT_PROGRAMS } from "../../../scripts/preview-programs.mjs";

const ROOT = join(import.meta.dirname, "../../..");
const DOCKERFILE = read("processor/Dockerfile");

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** What a stage and those that it is made from run, without comments. */
function stage(name: string): string {
  const found = new RegExp(`^FROM (\\S+) AS ${name}\\n([^]*?)(?=^FROM |$(?![^]))`, "m").exec(DOCKERFILE);
  const [, from = "", own = ""] = found ?? [];
  const lines = own.split("\n").filter((line) => !line.startsWith("#"));
  return `${from.includes("$") || from === "" ? "" : stage(from)}${lines.join("\n")}`;
}

function installedBy(name: string): readonly string[] {
  const commands = stage(name).matchAll(/--no-install-recommends ([^&]*)/g);
  return [...commands].flatMap(([, packages = ""]) => packages.split(/[\s\\]+/)).filter(Boolean);
}

const TOOLS = [...PREVIEW_PROGRAMS, ...PRODUCT_PROGRAMS].filter(({ program }) => program !== "clamd");

test.each(["processor", "processor-with-clamd"])("%s has what files are looked into with", (name) => {
  expect(installedBy(name)).toEqual(expect.arrayContaining(TOOLS.flatMap(({ debian }) => debian.split(" "))));
});

test("what has a scanner in it has clamd, and what brings its signatures", () => {
  const scanner = ["clamav-daemon", "clamav-freshclam", "ca-certificates"];
  for (const name of ["clamd", "processor-with-clamd"]) {
    expect(installedBy(name)).toEqual(expect.arrayContaining(scanner));
  }
  // A platform that can't be told a target builds the last stage.
  expect(
    DOCKERFILE.trimEnd()
      .split(/^FROM /m)
      .at(-1),
  ).toContain("AS processor-with-clamd");
});

test.each(["clamd", "processor", "processor-with-clamd"])("%s isn't run by root", (name) => {
  const text = stage(name);
  expect(text).toMatch(/^USER causeway$/m);
  expect(text).toMatch(/^ENTRYPOINT \["tini", "--"\]$/m);
  expect(text).toMatch(/^HEALTHCHECK .*CMD \["node"/m);
});

/** The package of an import: `@a/b` of `@a/b/c`. */
function packageOf(specifier: string): string {
  const [first = "", second = ""] = specifier.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}

test("the image's packages are those that the processor imports", () => {
  const files = ["processor", "worker/contract"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => read(join(folder, name))),
  );
  const specifiers = files.flatMap((text) => [...text.matchAll(/\bfrom "([^".#][^":]*)"/g)]);
  const imported = new Set(specifiers.map(([, specifier = ""]) => packageOf(specifier)));
  const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
  const left = [...stage("packages").matchAll(/\bdependencies\.(\S+)/g)].map(([, name = ""]) => name);
  const kept = Object.keys(dependencies).filter((name) => !left.includes(name));
  expect(kept.toSorted()).toEqual([...imported].toSorted());
});

/** The environment of compose.yaml's processor, as Docker would read it. */
function composeEnvironment(): Record<string, string> {
  const [, own = ""] = /^ {2}processor:\n([^]*?)^ {2}\w+:/m.exec(read("compose.yaml")) ?? [];
  const [, environment = ""] = /^ {4}environment:\n((?: {6}.*\n)*)/m.exec(own) ?? [];
  const pairs = [...environment.matchAll(/^ {6}(\w+): "?([^"\n]*)"?$/gm)];
  return Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name, value]));
}

test("with its example's gaps filled, compose's environment is one that the processor takes", () => {
  const lines = [...read("compose.env.example").matchAll(/^(\w+)=(.*)$/gm)];
  const example = Object.fromEntries(lines.map(([, name = "", value = ""]) => [name, value]));
  const filled = Object.fromEntries(
    Object.entries(example).map(([name, value]) => [
      name,
      value || "https://filled.example.com/in-by-somebody",
    ]),
  );
  const compose = composeEnvironment();
  expect(Object.keys(compose)).not.toHaveLength(0);
  const names = Object.keys({ ...example, ...compose });
  expect(names.filter((name) => !CONFIG_NAMES.includes(name))).toEqual([]);
  expect(parseConfig({ ...filled, ...compose })).toMatchObject({ ok: true });
  const image = [...stage("processor").matchAll(/\b(METRICS_\w+)=/g)].map(([, name]) => name);
  expect(CONFIG_NAMES).toEqual(expect.arrayContaining(image));
  expect(example).toMatchObject({ CAUSEWAY_REPORT_SECRET: "", S3_SECRET_ACCESS_KEY: "", QUEUES_TOKEN: "" });
});
