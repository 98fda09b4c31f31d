import { z } from "zod";

/** What is read of an OpenAPI 3.1 document. */

const number = z.number().optional();
const numbers = {
  ...{ minLength: number, maxLength: number, minimum: number, maximum: number },
  ...{ minItems: number, maxItems: number },
};

const SchemaNode: z.ZodType<SchemaNode> = z.lazy(() =>
  z.looseObject({
    $ref: z.string().optional(),
    description: z.string().optional(),
    type: z.union([z.string(), z.array(z.string())]).optional(),
    format: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    const: z.unknown().optional(),
    items: SchemaNode.optional(),
    properties: z.record(z.string(), SchemaNode).optional(),
    required: z.array(z.string()).optional(),
    anyOf: z.array(SchemaNode).optional(),
    oneOf: z.array(SchemaNode).optional(),
    allOf: z.array(SchemaNode).optional(),
    deprecated: z.boolean().optional(),
    default: z.unknown().optional(),
    pattern: z.string().optional(),
    ...numbers,
  }),
);
export interface SchemaNode {
  readonly $ref?: string | undefined;
  readonly description?: string | undefined;
  readonly type?: string | string[] | undefined;
  readonly format?: string | undefined;
  readonly enum?: unknown[] | undefined;
  readonly const?: unknown;
  readonly items?: SchemaNode | undefined;
  readonly properties?: Record<string, SchemaNode> | undefined;
  readonly required?: string[] | undefined;
  readonly anyOf?: SchemaNode[] | undefined;
  readonly oneOf?: SchemaNode[] | undefined;
  readonly allOf?: SchemaNode[] | undefined;
  readonly deprecated?: boolean | undefined;
  readonly default?: unknown;
  readonly pattern?: string | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly minItems?: number | undefined;
  readonly maxItems?: number | undefined;
}

const Content = z.record(z.string(), z.object({ schema: SchemaNode.optional() }));

const Operation = z.object({
  tags: z.array(z.string()).default([]),
  operationId: z.string(),
  summary: z.string(),
  description: z.string().optional(),
  deprecated: z.boolean().default(false),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(["path", "query", "header", "cookie"]),
        required: z.boolean().default(false),
        description: z.string().optional(),
        schema: SchemaNode.optional(),
      }),
    )
    .default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: Content.optional() })),
});

const METHODS = ["options", "get", "head", "post", "put", "patch", "delete"] as const;

export const ApiDocument = z.object({
  info: z.object({ version: z.string(), description: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.partialRecord(z.enum(METHODS), Operation)),
  components: z.object({ schemas: z.record(z.string(), SchemaNode) }),
});
export type ApiDocument = z.infer<typeof ApiDocument>;

export interface Operation extends z.infer<typeof Operation> {
  readonly method: string;
  readonly path: string;
}

export function operationsOf({ paths }: ApiDocument): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ ...operation, method: method.toUpperCase(), path }];
    }),
  );
}
