export type * from "../api-types.ts";
export { ApiError, type ApiProblem } from "../core/problem.ts";
export type { PlainFile } from "../core/api/plain-upload.ts";
export type { ApiOptions, CallOptions } from "../core/http.ts";
export { createServerClient, type ServerClient, type ServerClientOptions } from "./server-client.ts";
