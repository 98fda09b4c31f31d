/**
 * The refusals of Cloudflare's API that the bridge can answer. Queue codes (101xx to 15000) are from
 * https://developers.cloudflare.com/queues/reference/error-codes/; 7003, 10000 and 10001 are the API gateway's own.
 */
const FAILURES = {
  noRoute: { status: 404, code: 7003, message: "No route for the URI" },
  wrongToken: { status: 403, code: 10000, message: "Authentication error" },
  noToken: { status: 401, code: 10001, message: "Unable to authenticate request" },
  queueNotFound: { status: 404, code: 10104, message: "Queue does not exist" },
  bodyInvalid: { status: 400, code: 10207, message: "Request body does not match the expected schema" },
  bodyMalformed: { status: 400, code: 10208, message: "Request body is not valid JSON" },
  internal: { status: 500, code: 15000, message: "Unknown internal error" },
} as const;

export type FailureName = keyof typeof FAILURES;

/** A request refused as Cloudflare refuses it; `detail` follows the message. */
export class ApiFailure extends Error {
  readonly failure: FailureName;
  readonly detail: string | undefined;

  constructor(failure: FailureName, detail?: string) {
    super(FAILURES[failure].message);
    this.name = "ApiFailure";
    this.failure = failure;
    this.detail = detail;
  }
}

/** Status and envelope of a refusal, as the `cloudflare` package turns it into an APIError. */
export function formatFailure({ failure, detail }: ApiFailure) {
  const { status, code, message } = FAILURES[failure];
  const error = { code, message: detail === undefined ? message : `${message}: ${detail}` };
  return { status, envelope: { success: false, errors: [error], messages: [], result: null } };
}
