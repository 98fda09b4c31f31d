import { createSha256 } from "./sha256.ts";
import { unlessAborted } from "./wait.ts";

/** In memory at a time; on a page without workers, some milliseconds between two of its own tasks. */
const SLICE_BYTES = 1024 * 1024;

/**
 * The worker's own text: it hashes the file that it is sent, and answers the digest, or null where that can't be read. What
 * else goes wrong is its text's, and answered by "": bundlers may have put names in it that the page alone has.
 */
function workerSource(): string {
  return `onmessage = async ({ data: file }) => {
    try {
      const hash = (${createSha256.toString()})();
      for (let at = 0; at < file.size; at += ${SLICE_BYTES}) {
        const slice = await file.slice(at, at + ${SLICE_BYTES}).arrayBuffer().catch(() => null);
        if (slice === null) return postMessage(null);
        hash.update(new Uint8Array(slice));
      }
      postMessage(hash.hex());
    } catch { postMessage(""); }
  };`;
}

function startWorker(): Worker | undefined {
  if (typeof Worker === "undefined") return undefined;
  const url = URL.createObjectURL(new Blob([workerSource()], { type: "text/javascript" }));
  try {
    return new Worker(url);
  } catch {
    // The page's policy allows no such worker.
    return undefined;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function hashInWorker(worker: Worker, file: Blob, signal: AbortSignal): Promise<string | undefined> {
  const answered = new Promise<string | undefined>((resolve, reject) => {
    worker.addEventListener("message", ({ data }) =>
      data === null ? reject(new Error("unreadable")) : resolve(String(data) || undefined),
    );
    // It never began: some policies are told only now.
    worker.addEventListener("error", () => resolve(undefined));
    worker.postMessage(file);
  });
  return unlessAborted(answered, signal).finally(() => worker.terminate());
}

async function hashHere(file: Blob, signal: AbortSignal): Promise<string> {
  const hash = createSha256();
  for (let at = 0; at < file.size; at += SLICE_BYTES) {
    signal.throwIfAborted();
    hash.update(new Uint8Array(await file.slice(at, at + SLICE_BYTES).arrayBuffer()));
  }
  return hash.hex();
}

/** SHA-256 in hex, on a thread of its own where the page may have one. Rejects when the file can't be read, or on abort. */
export async function hashFile(file: Blob, signal: AbortSignal): Promise<string> {
  const worker = startWorker();
  const digest = worker === undefined ? undefined : await hashInWorker(worker, file, signal);
  return digest ?? hashHere(file, signal);
}
