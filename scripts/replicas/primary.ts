import { createHash } from "node:crypto";
import { z } from "zod";
import type { ReplicatedVersion } from "#contract/replicas.ts";
import { ObjectStore } from "../../processor/object-store.ts";

const READ_DEADLINE_MS = 3_600_000;

const Settings = z.object({
  S3_ENDPOINT: z.string(),
  S3_BUCKET: z.string(),
  S3_REGION: z.string().default("auto"),
  S3_ACCESS_KEY_ID: z.string(),
  S3_SECRET_ACCESS_KEY: z.string(),
});

/** Where the product's own objects are, to be read: what is made again there the processor makes. */
export interface Primary {
  /** What is wrong with a version's object, in words; undefined for nothing. */
  findFault(version: ReplicatedVersion): Promise<string | undefined>;
  /** The version's bytes, from their beginning. */
  read(version: ReplicatedVersion): Promise<AsyncIterable<Uint8Array> | undefined>;
}

/** Throws a sentence for people. */
export function openPrimary(env: NodeJS.ProcessEnv): Primary {
  const settings = Settings.safeParse(env);
  if (!settings.success) throw new Error(`For the primary: ${z.prettifyError(settings.error)}`);
  const given = settings.data;
  const store = new ObjectStore({
    ...{ endpoint: given.S3_ENDPOINT, region: given.S3_REGION, bucket: given.S3_BUCKET },
    ...{ accessKeyId: given.S3_ACCESS_KEY_ID, secretAccessKey: given.S3_SECRET_ACCESS_KEY },
    forcePathStyle: true,
  });
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
