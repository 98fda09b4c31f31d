import {
  AnonymousCredential,
  BlobServiceClient,
  ContainerClient,
  StorageRetryPolicyType,
} from "@azure/storage-blob";
import { TARGET_DEADLINES, type TargetDeadlines } from "../../call.ts";
import type { CopyFacts, CopyWriter } from "../../target.ts";
import { BucketTarget } from "../bucket-target.ts";
import { AzureContainer, type AzureWriting, type Block } from "./azure-container.ts";
import { AzureWriter } from "./azure-writer.ts";
import { parseBlockName } from "./block-names.ts";
import { ManagedIdentity } from "./managed-identity.ts";

/** How a container is reached: by a key, by a signed URL of the container, or as whoever the machine is. */
export type AzureAccess =
  | { readonly by: "connection-string"; readonly connectionString: string }
  | { readonly by: "sas"; readonly containerUrl: string }
  | { readonly by: "identity"; readonly accountUrl: string };

export interface AzureTargetOptions extends AzureWriting {
  readonly name: string;
  readonly access: AzureAccess;
  readonly container: string;
  readonly deadlines?: TargetDeadlines;
}

const MAX_TRIES = 3;
const RETRY_DELAY_MS = 500;
const MAX_RETRY_DELAY_MS = 5_000;

/**
 * Copies in a container of Azure Blob Storage, as block blobs. Needs: the role Storage Blob Data Contributor on the
 * container, or a SAS with read, create, write, delete and list.
 */
export class AzureTarget extends BucketTarget<AzureContainer> {
  readonly kind = "azure";

  constructor({ name, access, container, deadlines = TARGET_DEADLINES, ...writing }: AzureTargetOptions) {
    super(name, new AzureContainer(openContainer(access, container, deadlines), writing, deadlines));
  }

  protected async proveStored(facts: CopyFacts, signal: AbortSignal): Promise<CopyWriter> {
    const blocks = await this.bucket.listBlocks(facts.key, "committed", signal);
    return new AzureWriter(this.bucket, facts, { kind: "stored", blocks });
  }

  protected put(facts: CopyFacts): CopyWriter {
    return new AzureWriter(this.bucket, facts, { kind: "put" });
  }

  protected async goOn(facts: CopyFacts, partBytes: number, signal: AbortSignal): Promise<CopyWriter> {
    const found = await this.bucket.listBlocks(facts.key, "uncommitted", signal);
    const blocks = takeUsable(found, partBytes, facts.sizeBytes);
    return new AzureWriter(this.bucket, facts, { kind: "blocks", blocks });
  }
}

function openContainer(access: AzureAccess, container: string, deadlines: TargetDeadlines): ContainerClient {
  const options = {
    retryOptions: {
      retryPolicyType: StorageRetryPolicyType.EXPONENTIAL,
      maxTries: MAX_TRIES,
      tryTimeoutInMs: deadlines.partMs,
      retryDelayInMs: RETRY_DELAY_MS,
      maxRetryDelayInMs: MAX_RETRY_DELAY_MS,
    },
  };
  switch (access.by) {
    case "connection-string":
      return BlobServiceClient.fromConnectionString(access.connectionString, options).getContainerClient(
        container,
      );
    case "sas":
      return new ContainerClient(access.containerUrl, new AnonymousCredential(), options);
    case "identity":
      return new BlobServiceClient(access.accountUrl, new ManagedIdentity(), options).getContainerClient(
        container,
      );
  }
}

/** The blocks from the first, without a gap. They come in no order, and one place may have been sent twice. */
function takeUsable(found: readonly Block[], partBytes: number, sizeBytes: number): Block[] {
  const byIndex = new Map<number, Block>();
  for (const block of found) {
    const name = parseBlockName(block.name);
    const expected = name && Math.min(partBytes, sizeBytes - name.index * partBytes);
    if (name !== undefined && block.sizeBytes === expected) byIndex.set(name.index, block);
  }
  const usable: Block[] = [];
  for (let next = byIndex.get(0); next !== undefined; next = byIndex.get(usable.length)) usable.push(next);
  return usable;
}
