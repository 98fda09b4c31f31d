import fc from "fast-check";
import type { ApiDocument, Schema } from "./document.ts";
import { resolveSchema } from "./document.ts";

/** Values for what a schema calls by a name that means something: ids that are there, mostly. */
export type Hints = Readonly<Record<string, fc.Arbitrary<unknown>>>;

type SchemaObject = Exclude<Schema, boolean>;

/** Texts that something may stumble over. */
export const ODD_TEXTS: readonly string[] = [
  "",
  " ",
  "0",
  "-1",
  "null",
  "%",
  "*",
  "'",
  '"',
  "\\",
  "../..",
  "a\u0000b",
  "\r\nX: y",
  "\u202etxt.exe",
  "💥",
  "é".repeat(300),
  "<script>alert(1)</script>",
  "' OR 1=1 --",
  "x".repeat(5_000),
  "9007199254740993",
  "1e400",
  "NaN",
  "__proto__",
];

const ODD_VALUES: readonly unknown[] = [
  ...ODD_TEXTS,
  null,
  true,
  0,
  -1,
  1.5,
  Number.MAX_SAFE_INTEGER,
  1e308,
  [],
  {},
  [null],
  { __proto__: { polluted: true } },
];

function numberOf(schema: SchemaObject, key: string): number | undefined {
  const value = schema[key];
  return typeof value === "number" ? value : undefined;
}

function integers(schema: SchemaObject): fc.Arbitrary<unknown> {
  const exclusiveMin = numberOf(schema, "exclusiveMinimum");
  const min = numberOf(schema, "minimum") ?? (exclusiveMin === undefined ? -1_000 : exclusiveMin + 1);
  const max = Math.min(numberOf(schema, "maximum") ?? 1_000_000, Number.MAX_SAFE_INTEGER);
  const bounded = fc.integer({ min: Math.max(min, -(2 ** 31)), max: Math.min(max, 2 ** 31 - 1) });
  return fc.oneof(bounded, fc.constantFrom(min, max, min - 1, max + 1));
}

function strings(schema: SchemaObject): fc.Arbitrary<unknown> {
  const { pattern, format } = schema;
  if (typeof pattern === "string") return fc.stringMatching(new RegExp(pattern));
  if (format === "date-time") {
    return fc
      .date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString());
  }
  const maxLength = Math.min(numberOf(schema, "maxLength") ?? 64, 2_000);
  const minLength = Math.min(numberOf(schema, "minLength") ?? 0, maxLength);
  return fc.oneof(
    fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 24), unit: "grapheme" }),
    fc.string({ minLength: maxLength, maxLength: maxLength + 1 }),
  );
}

/** Generates values that a schema takes, with an odd one in the place of `oddPercent` of a hundred. */
export class Values {
  readonly #document: ApiDocument;
  readonly #hints: Hints;
  readonly #oddPercent: number;

  constructor(document: ApiDocument, hints: Hints, oddPercent: number) {
    this.#document = document;
    this.#hints = hints;
    this.#oddPercent = oddPercent;
  }

  of(schema: Schema, name?: string): fc.Arbitrary<unknown> {
    const hint = name === undefined || !Object.hasOwn(this.#hints, name) ? undefined : this.#hints[name];
    return this.#orOdd(hint ?? this.#plain(resolveSchema(this.#document, schema)));
  }

  #orOdd(arbitrary: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
    if (this.#oddPercent === 0) return arbitrary;
    return fc.oneof(
      { weight: 100 - this.#oddPercent, arbitrary },
      { weight: this.#oddPercent, arbitrary: fc.constantFrom(...ODD_VALUES) },
    );
  }

  #plain(schema: Schema): fc.Arbitrary<unknown> {
    if (typeof schema === "boolean") return fc.jsonValue({ maxDepth: 2 });
    if ("const" in schema) return fc.constant(schema["const"]);
    if (Array.isArray(schema["enum"])) return fc.constantFrom(...(schema["enum"] as readonly unknown[]));
    const options = schema["anyOf"] ?? schema["oneOf"];
    if (Array.isArray(options))
      return fc.oneof(...(options as readonly Schema[]).map((each) => this.of(each)));
    if (Array.isArray(schema["allOf"])) return this.#all(schema["allOf"] as readonly Schema[]);
    return this.#typed(schema);
  }

  /** Parts of one object. */
  #all(parts: readonly Schema[]): fc.Arbitrary<unknown> {
    const objects = fc.tuple(...parts.map((each) => this.#plain(resolveSchema(this.#document, each))));
    return objects.map((values) => Object.assign({}, ...(values as object[])) as unknown);
  }

  #typed(schema: SchemaObject): fc.Arbitrary<unknown> {
    const { type } = schema;
    if (Array.isArray(type))
      return fc.oneof(...type.map((each: unknown) => this.#typed({ ...schema, type: each })));
    switch (type) {
      case "null":
        return fc.constant(null);
      case "boolean":
        return fc.boolean();
      case "integer":
        return integers(schema);
      case "number":
        return fc.oneof(integers(schema), fc.double({ min: 0, max: 1, noNaN: true }));
      case "string":
        return strings(schema);
      case "array":
        return this.#array(schema);
      case "object":
        return this.#object(schema);
      default:
        return fc.jsonValue({ maxDepth: 2 });
    }
  }

  #array(schema: SchemaObject): fc.Arbitrary<unknown> {
    const minLength = numberOf(schema, "minItems") ?? 0;
    const maxLength = Math.max(minLength, Math.min(numberOf(schema, "maxItems") ?? 5, 5));
    return fc.array(this.of((schema["items"] as Schema | undefined) ?? true), { minLength, maxLength });
  }

  #object(schema: SchemaObject): fc.Arbitrary<unknown> {
    const properties = Object.entries((schema["properties"] as Record<string, Schema> | undefined) ?? {});
    const required = new Set((schema["required"] as readonly string[] | undefined) ?? []);
    const model = Object.fromEntries(properties.map(([name, each]) => [name, this.of(each, name)]));
    const known = fc.record(model, {
      requiredKeys: properties.map(([name]) => name).filter((name) => required.has(name)),
    });
    const extra = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.jsonValue({ maxDepth: 1 }), {
      maxKeys: 1,
    });
    return fc.oneof(
      { weight: 95, arbitrary: known },
      { weight: 5, arbitrary: fc.tuple(known, extra).map(([value, more]) => ({ ...value, ...more })) },
    );
  }
}
