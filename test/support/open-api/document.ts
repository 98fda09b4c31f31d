import { z } from "zod";

/** What the tests need of an OpenAPI 3.1 document; a schema is JSON Schema and is left to whoever reads it. */
const Schema = z.union([z.boolean(), z.looseObject({})]);
export type Schema = z.infer<typeof Schema>;

const Content = z.record(z.string(), z.object({ schema: Schema.optional() }));

const Parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header", "cookie"]),
  required: z.boolean().default(false),
  schema: Schema.optional(),
});
export type Parameter = z.infer<typeof Parameter>;

const Operation = z.object({
  operationId: z.string().optional(),
  parameters: z.array(Parameter).default([]),
  requestBody: z.object({ required: z.boolean().default(false), content: Content }).optional(),
  responses: z.record(z.string(), z.object({ content: Content.optional() })),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
});

const METHODS = ["get", "head", "post", "put", "patch", "delete", "options"] as const;

const Document = z.looseObject({
  openapi: z.string().startsWith("3.1."),
  paths: z.record(
    z.string(),
    z.looseObject(Object.fromEntries(METHODS.map((name) => [name, Operation.optional()]))),
  ),
});

export interface Operation extends z.infer<typeof Operation> {
  readonly method: string;
  /** With its parameters in braces. */
  readonly path: string;
}

export interface ApiDocument {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly operations: readonly Operation[];
}

export function nameOf({ method, path }: Pick<Operation, "method" | "path">): string {
  return `${method.toUpperCase()} ${path}`;
}

/** The document that a stack serves. */
export async function fetchDocument(stackUrl: string): Promise<ApiDocument> {
  const answer = await fetch(new URL("/openapi.json", stackUrl));
  const raw = Document.parse(await answer.json());
  const operations = Object.entries(raw.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ ...operation, method, path }];
    }),
  );
  return { raw, operations };
}

const REF = "#/components/schemas/";

/** The schema that a reference leads to; any other as it is. */
export function resolveSchema(document: ApiDocument, schema: Schema): Schema {
  if (typeof schema === "boolean") return schema;
  const ref = schema["$ref"];
  if (typeof ref !== "string") return schema;
  const components = document.raw["components"] as { schemas?: Record<string, Schema> } | undefined;
  const found = components?.schemas?.[ref.slice(REF.length)];
  if (!ref.startsWith(REF) || found === undefined) throw new Error(`${ref} leads nowhere.`);
  return resolveSchema(document, found);
}

const PROBLEM = "application/problem+json";

/** The codes of a schema: an enum of its own, or of what it is made of. */
function codesIn(document: ApiDocument, schema: Schema): readonly string[] {
  const found = resolveSchema(document, schema);
  if (typeof found === "boolean") return [];
  const { properties, allOf } = found as {
    properties?: { code?: { enum?: readonly string[] } };
    allOf?: readonly Schema[];
  };
  return properties?.code?.enum ?? (allOf ?? []).flatMap((part) => codesIn(document, part));
}

/** Codes of the errors that an operation is documented with. */
export function documentedCodes(document: ApiDocument, { responses }: Operation): readonly string[] {
  return Object.values(responses).flatMap(({ content }) =>
    codesIn(document, content?.[PROBLEM]?.schema ?? true),
  );
}
