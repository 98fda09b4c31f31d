import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import type { GcsDouble } from "../../../../scripts/dev/replicas/gcs-double/server.ts";

/** Blobs of which there is nothing but blocks. */
export async function countUncommitted(connectionString: string, container: string): Promise<number> {
  const service = BlobServiceClient.fromConnectionString(connectionString);
  let count = 0;
  const blobs = service.getContainerClient(container).listBlobsFlat({ includeUncommitedBlobs: true });
  // What has a length is committed, and so is what is empty by its own MD5.
  for await (const { properties } of blobs) if (properties.contentMD5 === undefined) count += 1;
  return count;
}

/** Sessions of GCS's double, and what is kept of them beside the copies. */
export async function countSessions({ objects }: GcsDouble, bucket: string): Promise<number> {
  const kept = await objects.list(bucket, ".causeway-sessions/");
  return kept.length + (await objects.countSessions());
}

/** Files of copies that aren't whole. */
export async function countPartials(path: string): Promise<number> {
  return (await readdir(join(path, "partial"))).length;
}
