import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");

/** What each place may import of the project; packages are listed where they are restricted. */
const RULES: readonly {
  readonly from: string;
  readonly may: readonly string[];
  /** What one file of them may beside that. */
  readonly also?: { readonly file: string; readonly may: readonly string[] };
  readonly packages?: readonly string[];
}[] = [
  { from: "worker/contract/", may: ["worker/contract/"], packages: ["zod"] },
  { from: "worker/db/", may: ["worker/db/", "worker/deadline.ts", "worker/contract/"] },
  {
    from: "worker/storage/",
    may: ["worker/storage/", "worker/deadline.ts", "worker/contract/"],
  },
  {
    from: "worker/services/",
    may: ["worker/services/", "worker/deadline.ts", "worker/db/", "worker/storage/", "worker/contract/"],
  },
  // What is told is decided elsewhere: channels know nothing of files.
  { from: "worker/live/", may: ["worker/live/", "worker/deadline.ts", "worker/contract/"] },
  {
    from: "worker/uploads/",
    may: [
      "worker/uploads/",
      "worker/live/live-client.ts",
      "worker/unread-body.ts",
      // A final upload's object calls those of its partials.
      "worker/deadline.ts",
      "worker/services/",
      "worker/storage/",
      "worker/contract/",
    ],
  },
  {
    from: "worker/delivery/",
    may: ["worker/delivery/", "worker/services/", "worker/storage/", "worker/contract/"],
  },
  { from: "worker/pages/", may: ["worker/pages/", "worker/contract/"], packages: ["hono/html"] },
  {
    from: "worker/routes/",
    may: [
      "worker/routes/",
      "worker/pages/",
      "worker/services/",
      "worker/delivery/",
      "worker/storage/",
      // What a request declares is read in the worker; the upload itself is behind its object's stub.
      "worker/uploads/upload-context.ts",
      "worker/uploads/state/upload-state.ts",
      "worker/uploads/object-answer.ts",
      "worker/uploads/upload-client.ts",
      "worker/uploads/request-body.ts",
      "worker/uploads/tus/tus-headers.ts",
      "worker/uploads/ietf/ietf-creation.ts",
      "worker/uploads/ietf/problems.ts",
      "worker/uploads/plain/",
      // So are channels.
      "worker/live/live-client.ts",
      "worker/middleware/",
      "worker/app-env.ts",
      "worker/unread-body.ts",
      "worker/contract/",
    ],
  },
  {
    from: "worker/middleware/",
    // Whether a tenant is served at all is asked before any route.
    also: { file: "worker/middleware/tenant.ts", may: ["worker/services/tenants.ts"] },
    may: [
      "worker/middleware/",
      "worker/app-env.ts",
      "worker/config.ts",
      "worker/unread-body.ts",
      "worker/token-config.ts",
      "worker/deadline.ts",
      "worker/uploads/tus/tus-headers.ts",
      "worker/uploads/ietf/fields.ts",
      "worker/contract/",
    ],
  },
  { from: "processor/", may: ["processor/", "worker/contract/"] },
  { from: "client/core/", may: ["client/core/", "worker/contract/"], packages: [] },
  {
    from: "client/react/",
    may: ["client/react/", "client/core/", "worker/contract/"],
    // All of the client in one file.
    also: { file: "client/react/script-tag.tsx", may: ["client/index.ts"] },
    packages: [
      ...["react", "react-dom", "@base-ui/react", "@tanstack/react-virtual"],
      ...["thumbhash", "marked", "dompurify"],
    ],
  },
  { from: "client/server/", may: ["client/server/", "client/core/", "client/api-types.ts"] },
  { from: "client/demo/", may: ["client/", "worker/contract/"] },
  { from: "test/e2e/", may: ["test/e2e/", "test/support/", "client/", "worker/contract/"] },
];

/** Packages that one place keeps to itself, so that the rest doesn't depend on them. */
const OWNERS: readonly { readonly name: string; readonly owner: RegExp }[] = [
  { name: "drizzle-orm", owner: /^(worker\/db|test\/records)\// },
  { name: "jose", owner: /^(worker\/middleware|worker\/routes\/dev|scripts|test)/ },
  { name: "aws4fetch", owner: /^worker\/storage\/s3\// },
  { name: "txml", owner: /^(worker\/storage\/s3|scripts\/doctor)\// },
  { name: "multipasta", owner: /^(worker\/uploads\/plain|test\/worker\/unit)\// },
  { name: "hono", owner: /^(worker\/(app|app-env|middleware|routes|pages)|scripts|test\/records)/ },
];

interface Import {
  readonly file: string;
  readonly target: string;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.includes("node_modules"))
    .map((name) => join(folder, name));
}

function importsOf(file: string): Import[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  const specifiers = source.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*"([^"]+)"|\bimport\(\s*"([^"]+)"|(?:^|\n)import\s+"([^"]+)"/g,
  );
  return [...specifiers].map((match) => ({
    file,
    target: resolveImport(file, match[1] ?? match[2] ?? match[3] ?? ""),
  }));
}

function resolveImport(file: string, specifier: string): string {
  if (specifier.startsWith("#contract/")) return specifier.replace("#contract/", "worker/contract/");
  if (specifier.startsWith(".")) return relative(ROOT, resolve(ROOT, file, "..", specifier));
  return `package:${specifier}`;
}

/** Whether a package, or a part of it, is one of those that are allowed. */
function isOneOf(packages: readonly string[] | undefined, target: string): boolean {
  return packages?.some((name) => target === name || target.startsWith(`${name}/`)) ?? true;
}

const allImports = ["worker", "processor", "client", "scripts", "test", "bench"]
  .flatMap(sourceFiles)
  .flatMap(importsOf);

test("the rules are about files that exist", () => {
  for (const { from } of RULES.filter((rule) => rule.from !== "test/e2e/")) {
    expect(
      allImports.some(({ file }) => file.startsWith(from)),
      from,
    ).toBe(true);
  }
});

test.each(RULES)("$from imports only what it may", ({ from, may, also, packages }) => {
  const refused = allImports
    .filter(({ file }) => file.startsWith(from))
    .filter(({ file, target }) => {
      if (target.startsWith("package:")) return !isOneOf(packages, target.slice(8));
      const allowed = file === also?.file ? [...may, ...also.may] : may;
      return !allowed.some((place) => target.startsWith(place));
    });
  expect(refused).toEqual([]);
});

test.each(OWNERS)("$name is imported only by its owner", ({ name, owner }) => {
  const users = allImports.filter(
    ({ target }) => target === `package:${name}` || target.startsWith(`package:${name}/`),
  );
  expect(users.length).toBeGreaterThan(0);
  expect(users.filter(({ file }) => !owner.test(file))).toEqual([]);
});

test("routes that know who is asking ask whether the tenant is served", () => {
  const importersOf = (...targets: string[]) =>
    new Set(allImports.filter(({ target }) => targets.includes(target)).map(({ file }) => file));
  const asking = importersOf("worker/middleware/authenticate.ts", "worker/middleware/authenticate-grants.ts");
  // What makes grants takes none.
  const others = /^worker\/(middleware\/|routes\/(dev|upload-grants|entity-grants)\.ts)/;
  const routes = [...asking].filter((file) => file.startsWith("worker/") && !others.test(file));
  const admitting = importersOf("worker/middleware/tenant.ts");
  expect(routes.length).toBeGreaterThan(0);
  expect(routes.filter((file) => !admitting.has(file))).toEqual([]);
});

test("every time that the writing of an upload waits for is in one table", () => {
  const others = sourceFiles("worker/uploads/writing").filter((file) => !file.endsWith("/times.ts"));
  expect(others.length).toBeGreaterThan(0);
  const withTimes = others.filter((file) =>
    /\bconst [A-Z_]+_MS\b/.test(readFileSync(join(ROOT, file), "utf8")),
  );
  expect(withTimes).toEqual([]);
});

test("contract and client use nothing of Node's", () => {
  const users = allImports.filter(
    ({ file }) => /^(worker\/contract|client)\//.test(file) && !file.endsWith(".config.ts"),
  );
  expect(users.filter(({ target }) => target.startsWith("package:node:"))).toEqual([]);
});
