/** https://developers.cloudflare.com/queues/platform/limits/: of a message when it is sent, and when it is retried. */
export const MAX_DELAY_SECONDS = 86_400;

export type ContentType = "text" | "json" | "bytes";

export interface EncodedBody {
  readonly contentType: ContentType;
  /** As a pull consumer receives it. */
  readonly body: string;
  readonly sizeBytes: number;
}

export interface OutgoingMessage extends EncodedBody {
  readonly delaySeconds: number;
}

export interface LeasedMessage {
  readonly id: string;
  readonly leaseId: string;
  readonly contentType: string;
  readonly body: string;
  /** Deliveries so far, this one included. */
  readonly attempts: number;
  readonly sentAtMs: number;
}

export interface Backlog {
  readonly count: number;
  readonly sizeBytes: number;
  /** 0 if the queue is empty, as Cloudflare says it. */
  readonly oldestSentAtMs: number;
}

export interface Retry {
  readonly leaseId: string;
  readonly delaySeconds: number;
}

export interface Settlement {
  readonly ackedCount: number;
  readonly retriedCount: number;
  /** Lease id → why nothing was done for it. */
  readonly warnings: Record<string, string>;
}

export interface QueueCounts {
  readonly visible: number;
  readonly leased: number;
  readonly delayed: number;
  readonly dead: number;
  /** When the message that has been deliverable for longest became so; null if none is. */
  readonly oldestVisibleAtMs: number | null;
}
