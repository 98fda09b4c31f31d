import { createHash } from "node:crypto";
import type { ReplicatedVersion } from "#contract/replicas.ts";
import { ObjectStore } from "../../processor/object-store.ts";
import { readBucket } from "../doctor/bucket.ts";

const READ_DEADLINE_MS = 3_600_000;

/** Where the product's own objects are, to be read: what is made again there the processor makes. */
export interface Primary {
  /** What is wrong with a version's object, in words; undefined for nothing. */
  findFault(version: ReplicatedVersion): Promise<string | undefined>;
  /** The version's bytes, from their beginning. */
  read(version: ReplicatedVersion): Promise<AsyncIterable<Uint8Array> | undefined>;
}

/** Throws a sentence for people. */
export function openPrimary(env: NodeJS.ProcessEnv): Primary {
  const store = new ObjectStore(readBucket(env));
  const open = (version: ReplicatedVersion) =>
    store.findObject(version.objectKey, version.etag || undefined, AbortSignal.timeout(READ_DEADLINE_MS));
  return {
    async findFault(version) {
      const found = await open(version);
      if (found === undefined) return "isn't there, or under another ETag";
      const hash = createHash("sha256");
      for await (const chunk of found.body) hash.update(chunk);
      return hash.digest("hex") === version.sha256 ? undefined : "has other bytes";
    },
    read: async (version) => (await open(version))?.body,
  };
}
