import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { ErrorCode, FieldProblem } from "#contract/errors.ts";
import { AppError, ERRORS, formatProblem, PROBLEM_CONTENT_TYPE, Problem } from "#contract/errors.ts";
import type { AppEnv } from "../app-env.ts";

/** `REQUEST_INVALID` with every field that doesn't fit a schema, and every one that isn't in it. */
export function invalidRequest({ issues }: Pick<z.ZodError, "issues">): AppError {
  return new AppError("REQUEST_INVALID", { errors: issues.flatMap(fieldErrorsOf) });
}

/** An issue about unknown fields has the path of what they are in: each is told by its own. */
function fieldErrorsOf(issue: z.core.$ZodIssue): readonly FieldProblem[] {
  if (issue.code !== "unrecognized_keys") return [{ path: issue.path.join("."), message: issue.message }];
  return issue.keys.map((key) => ({ path: [...issue.path, key].join("."), message: "is not a field" }));
}

/** What whatever takes JSON can refuse a body for. */
export const JSON_BODY_ERRORS = [
  ...["REQUEST_INVALID", "BODY_TOO_LARGE", "CONTENT_TYPE_INVALID"],
] as const satisfies ErrorCode[];

/** Of what takes an entity grant in the place of a session. */
export const FILE_SECURITY = [{ bearer: [] }, { entityGrant: [] }];

interface RouterOptions {
  /** The path that a request is routed by, where it isn't its own. */
  readonly getPath?: (request: Request) => string;
}

/** A router whose routes validate by the schemas they are documented with. What doesn't fit is `REQUEST_INVALID`. */
export function openApiRouter(options: RouterOptions = {}): OpenAPIHono<AppEnv> {
  return new OpenAPIHono<AppEnv>({
    ...options,
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.error);
    },
  });
}

/** What keeps a caller from something for a while says for how long, where that is known. */
const RETRY_AFTER = {
  "Retry-After": { description: "Seconds", schema: { type: "integer" as const } },
};
const PASSING_STATUSES: ReadonlySet<number> = new Set([202, 429, 503]);

/** Documentation of the errors a route can answer: one entry per status, with its codes. */
export function problemResponses(...codes: readonly ErrorCode[]) {
  const byStatus = Map.groupBy(new Set(codes), (code) => ERRORS[code].status);
  return Object.fromEntries([...byStatus].map(([status, group]) => [status, problemResponse(status, group)]));
}

/** Routes have most of them in common: to make each once halves what it takes to load the routes. */
const madeBefore = new Map<string, ReturnType<typeof makeProblemResponse>>();

function problemResponse(status: number, codes: readonly ErrorCode[]) {
  const key = codes.join();
  const response = madeBefore.get(key) ?? makeProblemResponse(status, codes);
  madeBefore.set(key, response);
  return response;
}

function makeProblemResponse(status: number, codes: readonly ErrorCode[]) {
  return {
    description: codes.map((code) => `${code}: ${ERRORS[code].title}`).join("; "),
    ...(PASSING_STATUSES.has(status) ? { headers: RETRY_AFTER } : {}),
    content: {
      [PROBLEM_CONTENT_TYPE]: {
        schema: Problem.extend({ code: z.enum(codes) }),
        examples: problemExamples(codes),
      },
    },
  };
}

function problemExamples(codes: readonly ErrorCode[]) {
  return Object.fromEntries(codes.map((code) => [code, { value: formatProblem(new AppError(code)) }]));
}

/** A refusal is a page for whoever takes pages, and a problem document for the others. */
export function pagesOf(responses: ReturnType<typeof problemResponses>): ReturnType<typeof problemResponses> {
  return Object.fromEntries(
    Object.entries(responses).map(([status, { description, content }]) => [
      status,
      { description, content: { ...content, "text/html": { schema: { type: "string" } } } },
    ]),
  );
}

/** `problemResponses` of a route that takes a token, with what any token can be refused for. */
export function tokenProblems(...codes: readonly ErrorCode[]) {
  return problemResponses(...codes, "TOKEN_MISSING", "TOKEN_INVALID", "TOKEN_EXPIRED", "SERVICE_UNAVAILABLE");
}

/** The same of a route behind `authenticate`: a grant that isn't for it is told so. */
export function adminProblems(...codes: readonly ErrorCode[]) {
  return tokenProblems(...codes, "RATE_LIMITED", "GRANT_SCOPE");
}

/** The same of a route behind `authenticate` and `tenant`. */
export function sessionProblems(...codes: readonly ErrorCode[]) {
  return adminProblems(...codes, "TENANT_ERASING");
}

/** The same of a route that takes grants of both kinds. */
export function grantProblems(...codes: readonly ErrorCode[]) {
  return tokenProblems(...codes, "RATE_LIMITED", "TENANT_ERASING");
}
