import type { SchemaNode } from "./document.ts";

/** Of a reference into the document, the last of its path. */
export function nameOf(ref: string): string {
  return ref.slice(ref.lastIndexOf("/") + 1);
}

/** In a few words, with its limits; a schema that has a name is linked. */
export function typeOf(schema: SchemaNode | undefined): string {
  if (schema === undefined) return "";
  const limits = limitsOf(schema);
  return [kindOf(schema), limits.length === 0 ? "" : `(${limits.join("; ")})`]
    .filter((text) => text !== "")
    .join(" ");
}

function kindOf(schema: SchemaNode): string {
  if (schema.$ref !== undefined) {
    const name = nameOf(schema.$ref);
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(" or ");
  const forms = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (forms !== undefined) return forms.map(typeOf).join(" or ");
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  return Array.isArray(schema.type) ? schema.type.join(" or ") : (schema.type ?? "");
}

function limitsOf(schema: SchemaNode): readonly string[] {
  const { format, pattern, minLength, maxLength, minItems, maxItems, minimum, maximum } = schema;
  return [
    format ?? "",
    rangeOf(minimum, maximum, ""),
    rangeOf(minLength, maxLength, " characters"),
    rangeOf(minItems, maxItems, " items"),
    // What has a format is told by that.
    pattern === undefined || format !== undefined ? "" : `\`${pattern}\``,
    schema.default === undefined ? "" : `default \`${JSON.stringify(schema.default)}\``,
  ].filter((text) => text !== "");
}

/** The end that every integer has is no limit of this one's. */
function rangeOf(least: number | undefined, most: number | undefined, unit: string): string {
  const from = least === undefined || least <= Number.MIN_SAFE_INTEGER ? undefined : least;
  const to = most === undefined || most >= Number.MAX_SAFE_INTEGER ? undefined : most;
  if (from === undefined && to === undefined) return "";
  if (from === undefined) return `at most ${to}${unit}`;
  if (to === undefined) return `at least ${from}${unit}`;
  return from === to ? `${from}${unit}` : `${from} to ${to}${unit}`;
}
