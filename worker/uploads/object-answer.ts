import { AppError } from "#contract/errors.ts";
import { withDeadline } from "../deadline.ts";

/** Longest wait for what an upload's object answers from what it knows. */
const DEADLINE_MS = 15_000;
/** An object that broke is there again at once, elsewhere if need be; one with too much to do needs a moment. */
const RETRY_AFTER_SECONDS = 2;

/** What the runtime says of an error that a call to a Durable Object ends with (Cloudflare: "Error handling"). */
interface CallError {
  /** Thrown by the object's code, and not by what is between. */
  readonly remote?: boolean;
  /** The object was ended while it was at it, by whomever. */
  readonly durableObjectReset?: boolean;
}

function isUnanswered({ remote, durableObjectReset }: CallError): boolean {
  return remote !== true || durableObjectReset === true;
}

/**
 * What an upload's object answers. Throws `SERVICE_UNAVAILABLE` where it doesn't: it can't be reached, has too much to do,
 * or was ended meanwhile. What its code throws is passed on.
 */
export async function objectAnswer<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof AppError || !isUnanswered(error as CallError)) throw error;
    throw new AppError("SERVICE_UNAVAILABLE", {
      detail: "The upload's object did not answer.",
      headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
      cause: error,
    });
  }
}

/** The same of what has no body to wait for. */
export function objectAnswerInTime<T>(asked: Promise<T>): Promise<T> {
  return withDeadline(objectAnswer(asked), DEADLINE_MS, "SERVICE_UNAVAILABLE");
}
