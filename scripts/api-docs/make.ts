import { ApiDocument } from "./document.ts";
import type { Access } from "./recorder.ts";
import { Redactor } from "./redact.ts";
import { renderApi } from "./render.ts";
import { walk } from "./walk.ts";

const DEADLINE_MS = 10_000;

/**
 * The text of docs/storage-api.md, by a running stack.
 * @param tenantId of the tokens: it has nothing yet
 */
export async function makeApiDocs(access: Access, tenantId: string): Promise<string> {
  const answer = await fetch(new URL("/openapi.json", access.url), {
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const document = ApiDocument.parse(await answer.json());
  const redactor = new Redactor(new URL(access.url).origin, tenantId);
  const exchanges = (await walk(access)).map((exchange) => redactor.redact(exchange));
  return renderApi(document, exchanges);
}
