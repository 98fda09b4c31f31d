import { z } from "zod";

/** Of https://chromedevtools.github.io/devtools-protocol/tot/Runtime/#method-getHeapUsage, in bytes. */
const HeapUsage = z.object({
  usedSize: z.number(),
  embedderHeapUsedSize: z.number(),
  backingStorageSize: z.number(),
});
const Answer = z.object({ id: z.literal(1), result: HeapUsage });

function nextMessage(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.addEventListener("message", ({ data }) => resolve(JSON.parse(String(data))), { once: true });
    socket.addEventListener("close", () => reject(new Error("The inspector has gone.")), { once: true });
  });
}

/** Bytes of a worker's JavaScript heap, of the objects behind it and of its buffers, as V8 counts them. */
export async function readIsolateBytes(inspector: URL, workerName: string): Promise<number> {
  const socket = new WebSocket(new URL(`/core:user:${workerName}`, `ws://${inspector.host}`));
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", reject, { once: true });
    });
    socket.send(JSON.stringify({ id: 1, method: "Runtime.getHeapUsage" }));
    const { result } = Answer.parse(await nextMessage(socket));
    return result.usedSize + result.embedderHeapUsedSize + result.backingStorageSize;
  } finally {
    socket.close();
  }
}
