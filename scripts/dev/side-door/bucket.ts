import type { SideDoor } from "./client.ts";

/** A bucket behind the side door, by its keys. Every call throws where it doesn't come to its end. */
export interface Bucket {
  /** The keys that begin with a prefix, a thousand at most. */
  list(prefix?: string): Promise<readonly string[]>;
  /** The bytes of an object; undefined where there is none. */
  get(key: string): Promise<ArrayBuffer | undefined>;
  put(key: string, bytes: string | Uint8Array<ArrayBuffer>): Promise<{ readonly etag: string }>;
  delete(key: string): Promise<void>;
  /** Drops a multipart upload and its parts. */
  abortMultipart(key: string, id: string): Promise<void>;
}

const PATIENCE_MS = 60_000;

/** @param bucket the name of its binding */
export function openBucket({ url, token, patienceMs = PATIENCE_MS }: SideDoor, bucket: string): Bucket {
  const ask = async (query: Readonly<Record<string, string>>, init: RequestInit = {}): Promise<Response> => {
    const answer = await fetch(
      new URL(`/objects?${new URLSearchParams({ bucket, ...query }).toString()}`, url),
      {
        ...init,
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(patienceMs),
      },
    );
    if (!answer.ok && answer.status !== 404) throw new Error(`The side door answered ${answer.status}.`);
    return answer;
  };
  return {
    list: async (prefix = "") => JSON.parse(await (await ask({ prefix })).text()) as readonly string[],
    async get(key) {
      const answer = await ask({ key });
      const bytes = await answer.arrayBuffer();
      return answer.status === 404 ? undefined : bytes;
    },
    put: async (key, body) =>
      JSON.parse(await (await ask({ key }, { method: "PUT", body })).text()) as { etag: string },
    async delete(key) {
      await ask({ key }, { method: "DELETE" });
    },
    async abortMultipart(key, id) {
      await ask({ key, multipart: id }, { method: "DELETE" });
    },
  };
}
