import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Handler } from "hono";
import type { AppEnv } from "../app-env.ts";

/** What `/openapi.json` says beside what each route says of itself: who may call, and how operations are grouped. */

const DESCRIPTION = `
Uploads that survive a lost connection, files that are served only after a virus check, and signed URLs.

**Tokens.** A bearer token (JWT) of the CRM's own issuer says who calls: tenant, user and role. An upload grant is a bearer
token too, for one upload and nothing else: the same creation again, after a lost answer, is answered where that is. An entity
grant is one for the files of one of the CRM's records, as far as the CRM lets its user. Signed URLs need none.

**Errors** are \`application/problem+json\` (RFC 9457) with a \`code\` to program against. Another tenant's file answers as
one that isn't there.

**Rate limits** count by user and by tenant. 429 has \`Retry-After\`; what goes on with an upload, and signed URLs, are never
limited.

**Asking again**: what makes something by POST takes an \`Idempotency-Key\`: the same request with it is answered as the first
was, for a day, and makes nothing more.

**Older paths**: \`/api/v1/files…\` is answered as \`/v1/files…\`. \`/v1/internal\` is between the parts of the service
and not described here.
`.trim();

interface Tag {
  readonly name: string;
  readonly description: string;
  /** Paths of its operations; the first tag that fits has them. */
  readonly paths: RegExp;
}

const TAGS: readonly Tag[] = [
  {
    name: "Uploads",
    description:
      "Resumable uploads: tus 1.0 with its extensions, and the IETF's Resumable Uploads for HTTP, on the same resources.",
    paths: /^\/v1\/(?:upload|entity-grants)/,
  },
  {
    name: "Administration",
    description: "For a tenant's admins.",
    paths: /^\/v1\/admin\b/,
  },
  { name: "Sharing", description: "Files for other users, and for anybody.", paths: /\/share|^\/[ps]\// },
  {
    name: "Delivery",
    description: "The bytes of files, by URLs that need no token.",
    paths: /^\/(?:d\/|v1\/signed-urls)/,
  },
  { name: "Quota", description: "How much a tenant may store, and what it stores.", paths: /^\/v1\/quota\b/ },
  { name: "Files", description: "Records of files, and their bytes with a token.", paths: /^\/v1\// },
  { name: "Service", description: "The service itself.", paths: /^\// },
];

const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A session or service token of the CRM's issuer.",
  },
  uploadGrant: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A token of `POST /v1/upload-grants`: for the one upload that it was made for.",
  },
  entityGrant: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A token of `POST /v1/entity-grants`: for the files of the one entity that it was made for.",
  },
} as const;

type ApiDocument = ReturnType<OpenAPIHono<AppEnv>["getOpenAPI31Document"]>;
type PathItem = NonNullable<ApiDocument["paths"]>[string];

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch"] as const;
type Operation = NonNullable<PathItem[(typeof METHODS)[number]]>;

function complete(operation: Operation, path: string): Operation {
  return {
    tags: TAGS.filter(({ paths }) => paths.test(path))
      .slice(0, 1)
      .map(({ name }) => name),
    ...operation,
    security: operation.security ?? [],
  };
}

function completeItem(path: string, item: PathItem): PathItem {
  const completed = METHODS.flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [[method, complete(operation, path)] as const];
  });
  return { ...item, ...Object.fromEntries(completed) };
}

/** The whole API for machines: OpenAPI 3.1. */
export function describeApi(app: OpenAPIHono<AppEnv>, version: string): ApiDocument {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Causeway",
      version,
      description: DESCRIPTION,
      license: { name: "MIT", url: "https://spdx.org/licenses/MIT.html" },
    },
    servers: [{ url: "/", description: "Where this document came from" }],
  });
  const paths = Object.entries(document.paths ?? {}).map(
    ([path, item]) => [path, completeItem(path, item)] as const,
  );
  const used = new Set(paths.flatMap(([, item]) => METHODS.flatMap((method) => item[method]?.tags ?? [])));
  return {
    ...document,
    paths: Object.fromEntries(paths),
    tags: TAGS.filter(({ name }) => used.has(name)).map(({ name, description }) => ({ name, description })),
    components: {
      ...document.components,
      securitySchemes: { ...document.components?.securitySchemes, ...SECURITY_SCHEMES },
    },
  };
}

/** Answers the document, which is made at the first request of an isolate: it takes as long as a hundred other answers. */
export function apiDocument(app: OpenAPIHono<AppEnv>): Handler<AppEnv> {
  let made: string | undefined;
  return (c) => {
    made ??= JSON.stringify(describeApi(app, c.get("config").version));
    return c.body(made, 200, { "Content-Type": "application/json", "Cache-Control": "no-cache" });
  };
}
