/** Part of the tests' worker: what tests ask of it beside the product's own routes. */
import type { Hold } from "./holds.ts";
import { heldTenants, planHold } from "./holds.ts";

/** Where holds are asked for (POST), and those that were met are listed (GET). */
export const HOLDS_PATH = "/test/holds";
/** Lists the bucket's objects, or answers the one under `?key=`. */
export const OBJECTS_PATH = "/test/objects";

export interface StoredObject {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
}

/** What of R2's binding is used here. */
interface Bucket {
  list(options: { cursor?: string }): Promise<{
    readonly objects: readonly StoredObject[];
    readonly truncated: boolean;
    readonly cursor?: string;
  }>;
  get(key: string): Promise<{ readonly body: ReadableStream<Uint8Array> } | null>;
}

export function isOfTest({ url }: Request): boolean {
  return [HOLDS_PATH, OBJECTS_PATH].includes(new URL(url).pathname);
}

export async function answerTest(request: Request, bucket: Bucket): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === HOLDS_PATH) return answerHolds(request);
  const key = searchParams.get("key");
  if (key === null) return Response.json(await listAll(bucket));
  const object = await bucket.get(key);
  return new Response(object?.body ?? null, { status: object === null ? 404 : 200 });
}

async function answerHolds(request: Request): Promise<Response> {
  if (request.method === "POST") planHold((await request.json()) as Hold);
  return Response.json(heldTenants());
}

async function listAll(bucket: Bucket): Promise<readonly StoredObject[]> {
  const found: StoredObject[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined;) {
    const page = await bucket.list(cursor === "" ? {} : { cursor });
    found.push(...page.objects.map(({ key, etag, size }) => ({ key, etag, size })));
    cursor = page.truncated ? page.cursor : undefined;
  }
  return found;
}
