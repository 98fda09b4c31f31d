import { Hono } from "hono";
import type { AppEnv } from "../app-env.ts";

/** The page's script and what it draws are in the demo's assets; nothing is asked of another host. */
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Causeway API</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/docs/reference.css" />
  </head>
  <body>
    <div id="reference"></div>
    <noscript>This page needs JavaScript. <a href="/openapi.json">The description for machines</a> does not.</noscript>
    <script src="/docs/scalar.js"></script>
    <script src="/docs/reference.js"></script>
  </body>
</html>
`;

const HEADERS = {
  "Cache-Control": "no-cache",
  // The page styles what it draws as it draws it; scripts come from here alone, and so does what it may ask for.
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
} as const;

/** `/docs`: the API for people. What it says is `/openapi.json`. */
export const docs = new Hono<AppEnv>().get("/", (c) => c.html(PAGE, 200, HEADERS));
