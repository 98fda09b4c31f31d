import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { BlobServiceClient, RestError } from "@azure/storage-blob";
import { PROJECT_ROOT } from "../bundle.ts";
import { type Child, keepRunning } from "../child.ts";
import { findFreePort } from "../ports.ts";

/** Of every Azurite (https://learn.microsoft.com/azure/storage/common/storage-use-azurite): no secret. */
const ACCOUNT = "devstoreaccount1";
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const STOP_WITHIN_MS = 5_000;

export interface Azurite {
  readonly connectionString: string;
  readonly blobUrl: string;
  stop(): Promise<void>;
}

/** Azure Blob Storage on loopback, as Microsoft's own emulator has it; what it has been given stays in `directory`. */
export async function startAzurite(
  directory: string,
  container: string,
  onOutput: (text: string) => void,
): Promise<Azurite> {
  mkdirSync(directory, { recursive: true });
  const port = await findFreePort();
  const started = Promise.withResolvers<void>();
  const script = join(PROJECT_ROOT, "node_modules", "azurite", "dist", "src", "blob", "main.js");
  const settings = ["--blobHost", "127.0.0.1", "--blobPort", String(port), "--location", directory];
  const child: Child = keepRunning({
    command: process.execPath,
    args: [script, ...settings, "--skipApiVersionCheck", "--disableTelemetry", "--silent"],
    env: process.env,
    stopWithinMs: STOP_WITHIN_MS,
    onOutput: (text) => {
      onOutput(text);
      if (text.includes("successfully listening") || text.includes("successfully listens")) started.resolve();
    },
  });
  const blobUrl = `http://127.0.0.1:${port}/${ACCOUNT}`;
  const connectionString = [
    ...["DefaultEndpointsProtocol=http", `AccountName=${ACCOUNT}`, `AccountKey=${KEY}`],
    `BlobEndpoint=${blobUrl};`,
  ].join(";");
  try {
    await Promise.race([started.promise, once(AbortSignal.timeout(60_000), "abort").then(failToStart)]);
    await createContainer(connectionString, container);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { connectionString, blobUrl, stop: () => child.stop() };
}

function failToStart(): never {
  throw new Error("Azurite hasn't started within a minute.");
}

async function createContainer(connectionString: string, name: string): Promise<void> {
  const service = BlobServiceClient.fromConnectionString(connectionString);
  try {
    await service.getContainerClient(name).create();
  } catch (error) {
    // Of an earlier run.
    if (!(error instanceof RestError) || error.statusCode !== 409) throw error;
  }
}
