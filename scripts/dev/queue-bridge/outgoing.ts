import { z } from "zod";
import { encodeBody } from "./body.ts";
import { MAX_DELAY_SECONDS, type OutgoingMessage } from "./messages.ts";

// https://developers.cloudflare.com/queues/platform/limits/, where 1 KB is 1000 bytes.
const MAX_MESSAGE_BYTES = 128_000;
const MAX_BATCH_BYTES = 256_000;
const MAX_BATCH_MESSAGES = 100;

const SendRequest = z.object({
  body: z.unknown(),
  contentType: z
    .enum(["text", "bytes", "json"], {
      error: ({ input }) =>
        input === "v8"
          ? 'contentType "v8" can\'t be read by a pull consumer; send "json", "text" or "bytes"'
          : undefined,
    })
    // As workerd has it since compatibility date 2024-03-18 (queues_json_messages).
    .default("json"),
  delaySeconds: z.int().min(0).max(MAX_DELAY_SECONDS).default(0),
});

const SendRequests = z.array(SendRequest).min(1).max(MAX_BATCH_MESSAGES);

/** What a producer was given, made ready to be stored. Throws a TypeError or RangeError where Cloudflare refuses it. */
export function parseOutgoing(requests: readonly unknown[]): OutgoingMessage[] {
  const parsed = SendRequests.safeParse(requests);
  if (!parsed.success) throw new TypeError(z.prettifyError(parsed.error));
  const messages = parsed.data.map(({ body, contentType, delaySeconds }) => ({
    ...encodeBody(contentType, body),
    delaySeconds,
  }));
  requireSizes(messages.map(({ sizeBytes }) => sizeBytes));
  return messages;
}

function requireSizes(sizesBytes: readonly number[]): void {
  const largest = Math.max(...sizesBytes);
  if (largest > MAX_MESSAGE_BYTES) {
    throw new RangeError(`A message has ${largest} bytes; ${MAX_MESSAGE_BYTES} are the most`);
  }
  const total = sizesBytes.reduce((sum, size) => sum + size, 0);
  if (total > MAX_BATCH_BYTES) {
    throw new RangeError(`The batch has ${total} bytes; ${MAX_BATCH_BYTES} are the most`);
  }
}
