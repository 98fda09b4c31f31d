import { createHash } from "node:crypto";
import type { ReplicatedVersion } from "#contract/replicas.ts";
import { ObjectStore } from "../../processor/object-store.ts";
import { readBucket } from "../doctor/bucket.ts";

const READ_DEADLINE_MS = 3_600_000;

/** Where the product's own objects are, to be read: what is made again of them or for them the processor makes. */
export interface Primary {
  /** What is wrong with a version's object, in words; undefined for nothing. */
  findFault(version: ReplicatedVersion): Promise<string | undefined>;
}

/** Throws a sentence for people. */
export function openPrimary(env: NodeJS.ProcessEnv): Primary {
  const store = new ObjectStore(readBucket(env));
  return {
    async findFault({ objectKey, etag, sha256 }) {
      const signal = AbortSignal.timeout(READ_DEADLINE_MS);
      const found = await store.findObject(objectKey, etag || undefined, signal);
      if (found === undefined) return "isn't there, or under another ETag";
      const hash = createHash("sha256");
      for await (const chunk of found.body) hash.update(chunk);
      return hash.digest("hex") === sha256 ? undefined : "has other bytes";
    },
  };
}
