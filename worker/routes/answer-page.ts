import type { AppContext } from "../app-env.ts";
import type { problemPage } from "../pages/share-page.ts";
import { deliveryOrigin } from "./origins.ts";

/** Chromium holds a form's redirects to `form-action` too, and the bytes may be on an origin of their own. */
function contentSecurityPolicy(c: AppContext, nonce: string): string {
  const { origin } = new URL(deliveryOrigin(c));
  return [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `img-src ${origin}`,
    `form-action 'self' ${origin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

type Page = ReturnType<typeof problemPage>;

function newNonce(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}

/** Answers with a page that may show nothing but what has its nonce, of its own. */
export async function answerPage(
  c: AppContext,
  makePage: (nonce: string) => Page,
  answer: { readonly status: number; readonly headers?: HeadersInit } = { status: 200 },
): Promise<Response> {
  const nonce = newNonce();
  const headers = new Headers(answer.headers);
  headers.set("Content-Type", "text/html; charset=utf-8");
  headers.set("X-Content-Type-Options", "nosniff");
  // The address of a page for people is a credential: who is linked to isn't told it.
  headers.set("Referrer-Policy", "no-referrer");
  headers.set("Content-Security-Policy", contentSecurityPolicy(c, nonce));
  return new Response(String(await makePage(nonce)), { status: answer.status, headers });
}
