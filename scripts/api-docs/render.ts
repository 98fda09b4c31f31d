import { ERRORS } from "#contract/errors.ts";
import { type ApiDocument, type Operation, operationsOf, type SchemaNode } from "./document.ts";
import type { Exchange } from "./exchange.ts";
import { renderExchange } from "./render-exchange.ts";
import { nameOf, typeOf } from "./render-type.ts";

/** docs/storage-api.md, from the OpenAPI document and what the walk was answered. */

const HEAD = `# The storage API

Made by \`npm run api-docs\` of the OpenAPI document (\`/openapi.json\`, and \`/docs\` on a running stack), and of what a
running stack answered: change those. [file-storage-guide.md](file-storage-guide.md) tells what to do with it.

Examples take \`API=https://files.crm.example\` and \`AUTH="Authorization: Bearer <token>"\`.
`;

/** Of what is made of the examples, those that show an operation. */
export function renderApi(document: ApiDocument, exchanges: readonly Exchange[]): string {
  const operations = operationsOf(document);
  const sections = document.tags.map(({ name, description }) => {
    const tagged = operations.filter(({ tags }) => tags.includes(name));
    return [
      `## ${name}`,
      description,
      ...tagged.map((operation) => renderOperation(operation, document, exchanges)),
    ].join("\n\n");
  });
  const parts = [
    HEAD.trimEnd(),
    document.info.description,
    ...sections,
    renderSchemas(document),
    renderErrors(),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Those of an operation among the exchanges, by its method and path. */
export function exchangesOf(
  { method, path }: Pick<Operation, "method" | "path">,
  exchanges: readonly Exchange[],
): readonly Exchange[] {
  const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/?]+")}(?:\\?|$)`);
  return exchanges.filter((exchange) => exchange.method === method && pattern.test(exchange.target));
}

function renderOperation(
  operation: Operation,
  document: ApiDocument,
  exchanges: readonly Exchange[],
): string {
  const { method, path, operationId, summary, description, deprecated } = operation;
  // The first of its answers tells what it does; of those refused, the status says enough.
  const [example] = exchangesOf(operation, exchanges);
  const parts = [
    `### ${method} ${path}`,
    `${deprecated ? "**Deprecated.** " : ""}${summary}. (\`${operationId}\`)`,
    description,
    renderParameters(operation),
    renderBody(operation),
    renderAnswers(operation, document),
    example && renderExchange(example),
  ];
  return parts.filter((part) => part !== undefined && part !== "").join("\n\n");
}

function renderParameters({ parameters }: Operation): string {
  const rows = parameters.map(({ name, in: place, required, description, schema }) => [
    `\`${name}\``,
    required ? place : `${place}, may be left out`,
    [typeOf(schema), description ?? ""].filter((text) => text !== "").join(": "),
  ]);
  return renderTable(["parameter", "where", "what"], rows);
}

function renderBody({ requestBody }: Operation): string {
  const bodies = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => {
    const name = schema === undefined ? "" : typeOf(schema);
    return name === "" ? `\`${type}\`` : `\`${type}\` (${name})`;
  });
  return bodies.length === 0 ? "" : `Body: ${bodies.join(", or ")}.`;
}

function renderAnswers({ responses }: Operation, { components }: ApiDocument): string {
  const rows = Object.entries(responses).map(([status, { description, content }]) => {
    const schema = Object.values(content ?? {})[0]?.schema;
    const name = schema?.$ref === undefined ? "" : linkTo(schema.$ref, components.schemas);
    const codes = codesIn(description);
    const told = codes.length === 0 ? description : codes.map((code) => `\`${code}\``).join(", ");
    return [status, [name, told].filter((text) => text !== "").join(": ")];
  });
  return renderTable(["answer", ""], rows);
}

/** Of a refusal's description, which has each with its title. */
function codesIn(description: string): readonly string[] {
  return Object.keys(ERRORS).filter((code) => new RegExp(`(?:^|; )${code}: `).test(description));
}

function renderErrors(): string {
  const rows = Object.entries(ERRORS).map(([code, { status, title }]) => [
    `\`${code}\``,
    String(status),
    title,
  ]);
  return ["## Errors", renderTable(["code", "status", ""], rows)].join("\n\n");
}

function linkTo(ref: string, schemas: Readonly<Record<string, SchemaNode>>): string {
  const name = nameOf(ref);
  return name in schemas && name !== "Problem" ? `[${name}](#${name.toLowerCase()})` : "";
}

function renderSchemas({ components }: ApiDocument): string {
  const shown = Object.entries(components.schemas).map(([name, schema]) => {
    const parts = [`### ${name}`, schema.description, renderFields(schema)];
    return parts.filter((part) => part !== undefined && part !== "").join("\n\n");
  });
  return ["## What bodies hold", ...shown].join("\n\n");
}

function renderFields(schema: SchemaNode): string {
  const forms = schema.anyOf ?? schema.oneOf;
  if (schema.properties === undefined && forms !== undefined) {
    return forms.map((form) => renderFields(form)).join("\n\nor\n\n");
  }
  const rows = Object.entries(schema.properties ?? {}).map(([name, field]) => [
    `\`${name}\``,
    schema.required?.includes(name) ? typeOf(field) : `${typeOf(field)}, may be left out`,
    [field.deprecated ? "deprecated" : "", field.description ?? ""].filter((text) => text !== "").join(": "),
  ]);
  return rows.length === 0 ? typeOf(schema) : renderTable(["field", "type", "what"], rows);
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.map(cellOf).join(" | ")} |`).join("\n");
}

function cellOf(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
}
