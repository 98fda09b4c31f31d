import type { Mutation } from "./mutation.ts";

/** All that the runtime understands (CONNECT makes no request of it), and some that it doesn't. */
const METHODS = [
  ...[
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PURGE",
    "COPY",
    "LOCK",
  ],
  ...[
    "MKCOL",
    "MOVE",
    "PROPFIND",
    "PROPPATCH",
    "SEARCH",
    "UNLOCK",
    "ACL",
    "REPORT",
    "MKACTIVITY",
    "CHECKOUT",
  ],
  ...["MERGE", "MSEARCH", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "QUERY", "BAN"],
  ...["patch", "Post", "FOO", "LINK", "PATCHX", "PATC", "M-SEARCH", "P\xc4TCH", "", "X".repeat(9_000)],
] as const;

export const METHOD_MUTATIONS: readonly Mutation[] = METHODS.map((method) => ({
  part: "method",
  name: method.slice(0, 20),
  apply: (request) => ({ ...request, method }),
}));
