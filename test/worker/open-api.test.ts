import { createConfig, lintFromString } from "@redocly/openapi-core";
import { beforeAll, expect, test } from "vitest";
import { sharedStack } from "../support/api.ts";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly object[];
  readonly responses: Readonly<Record<string, object>>;
}

interface ApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly tags: readonly { readonly name: string }[];
}

let text: string;
let document: ApiDocument;

beforeAll(async () => {
  const answer = await fetch(new URL("/openapi.json", sharedStack().url));
  expect(answer.headers.get("content-type")).toBe("application/json");
  text = await answer.text();
  document = JSON.parse(text) as ApiDocument;
});

/** What the linter says of a description, one line for each fault. */
async function faultsOf(source: string): Promise<string[]> {
  const config = await createConfig({ extends: ["recommended"] });
  const problems = await lintFromString({ source, absoluteRef: "openapi.json", config });
  return problems.map(
    ({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer ?? ""} ${message}`,
  );
}

/** Health is asked by machines that hold a 4xx for an outage: it answers none. OPTIONS refuses nobody. */
const ON_PURPOSE = [
  "operation-4xx-response #/paths/~1health/get/responses ",
  "operation-4xx-response #/paths/~1ready/get/responses ",
  "operation-4xx-response #/paths/~1v1~1uploads/options/responses ",
  "operation-4xx-response #/paths/~1v1~1uploads~1{id}/options/responses ",
];

test("the description is OpenAPI 3.1 and has none of the faults that the linter knows", async () => {
  expect(document.openapi).toBe("3.1.0");
  const faults = await faultsOf(text);
  expect(faults.filter((fault) => !ON_PURPOSE.some((start) => fault.startsWith(start)))).toEqual([]);
});

test.each<[string, (sound: string) => string]>([
  ["operation-operationId", (sound) => sound.replace('"operationId":"listFiles",', "")],
  [
    "operation-operationId-unique",
    (sound) => sound.replace('"operationId":"listFiles"', '"operationId":"getFile"'),
  ],
  ["security-defined", (sound) => sound.replace('"uploadGrant":{', '"other":{')],
  ["no-invalid-media-type-examples", (sound) => sound.replace('"state":"clean"', '"state":"fine"')],
])("the linter would tell: %s", async (rule, spoil) => {
  const spoiled = spoil(text);
  expect(spoiled).not.toBe(text);
  expect((await faultsOf(spoiled)).filter((fault) => fault.startsWith(`${rule} `))).not.toEqual([]);
});

test.each([
  ["/v1/uploads", ["options", "post"]],
  ["/v1/uploads/{id}", ["delete", "get", "head", "options", "patch"]],
  ["/v1/files", ["get", "post"]],
  ["/v1/files/{id}", ["delete", "get"]],
  ["/v1/files/{id}/content", ["get"]],
  ["/v1/signed-urls", ["post"]],
  ["/v1/upload-grants", ["post"]],
  ["/v1/upload-rules", ["get"]],
  ["/d/{fileId}/{name}", ["get"]],
  ["/health", ["get"]],
  ["/ready", ["get"]],
])("%s is described", (path, methods) => {
  expect(Object.keys(document.paths[path] ?? {})).toEqual(expect.arrayContaining(methods));
});

test("what is between the parts of the service is not described, nor what is for development", () => {
  const paths = Object.keys(document.paths);
  expect(paths.filter((path) => /internal|\/dev\/|^\/api\//.test(path))).toEqual([]);
});

test("every operation has a group, and says who may call it and what it answers to too many calls", () => {
  const names = document.tags.map(({ name }) => name);
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, { tags, security, responses }] of Object.entries(item)) {
      const what = `${method} ${path}`;
      expect(names, what).toEqual(expect.arrayContaining([...tags]));
      expect(tags, what).toHaveLength(1);
      const isGuessed = method === "post" && path === "/s/{token}";
      const isLimited =
        isGuessed || (security.some((scheme) => "bearer" in scheme) && !path.startsWith("/v1/uploads/"));
      expect(Object.keys(responses).includes("429"), what).toBe(isLimited);
    }
  }
});

interface Parameter {
  readonly name: string;
  readonly schema: { readonly deprecated?: boolean };
}

test("what has a newer name is deprecated, and the newer one is there", () => {
  const { parameters = [] } = (document.paths["/v1/files"]?.["get"] ?? {}) as { parameters?: Parameter[] };
  const deprecated = parameters.filter(({ schema }) => schema.deprecated === true).map(({ name }) => name);
  expect(deprecated).toEqual(["tag", "type"]);
  expect(parameters.map(({ name }) => name)).toEqual(expect.arrayContaining(["tags", "mimeType"]));
});
