import { setTimeout as delay } from "node:timers/promises";
import { UnexpectedAnswer } from "./tus-client.ts";

const CUT_CODES: ReadonlySet<unknown> = new Set(["ECONNRESET", "EPIPE"]);

function isCut(error: unknown): boolean {
  return error instanceof Error && "code" in error && CUT_CODES.has(error.code);
}

/** When a refused request may come again, or undefined where the error is no such refusal. */
function retryAfterMs(error: unknown): number | undefined {
  if (!(error instanceof UnexpectedAnswer) || error.answer.status !== 503) return undefined;
  const seconds = error.answer.headers["retry-after"];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** What a client goes on after: it is counted, for a server that only puts off isn't serving. */
export class Interruptions {
  /** Answers 503 with `Retry-After`. */
  refused = 0;
  /** Connections that broke while a body was sent. */
  cut = 0;

  /** Waits as the server asked; rejects with `error` itself where it is none to go on after. */
  async sitOut(error: unknown): Promise<void> {
    const waitMs = retryAfterMs(error);
    if (waitMs !== undefined) {
      this.refused += 1;
      await delay(waitMs);
      return;
    }
    if (!isCut(error)) throw error;
    this.cut += 1;
  }
}
