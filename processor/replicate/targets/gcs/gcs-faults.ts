import { z } from "zod";
import { ReplicaFault, type ReplicaFaultKind } from "../../replica-fault.ts";

/** By reason (https://cloud.google.com/storage/docs/json_api/v1/status-codes), where a status doesn't say enough. */
const REASON_KINDS: Readonly<Record<string, ReplicaFaultKind>> = {
  rateLimitExceeded: "throttled",
  userRateLimitExceeded: "throttled",
  quotaExceeded: "throttled",
};

const STATUS_KINDS: Readonly<Record<number, ReplicaFaultKind>> = {
  401: "credentials",
  403: "credentials",
  408: "unavailable",
  // Another try has written the object meanwhile: the next one looks at what is there.
  412: "unavailable",
  429: "throttled",
  // Of a session: it has ended, and the next try begins another.
  410: "unavailable",
  499: "unavailable",
};

/** What the token server says of a signed request whose times are too far from its own. */
const CLOCK = /invalid_grant.*(reasonable timeframe|iat|exp)/i;
const NO_BUCKET = /bucket does not exist/i;

const Inner = z.object({ errors: z.array(z.object({ reason: z.string().optional() })).catch([]) });
const Body = z.object({ error: z.object({ message: z.string() }).and(Inner) });

/** An answer of the API that isn't what was wanted. */
export class GcsAnswer extends Error {
  readonly status: number;
  readonly errors: readonly { readonly reason?: string | undefined }[];

  constructor(status: number, body: unknown) {
    const { error } = Body.safeParse(body).data ?? { error: { message: "", errors: [] } };
    super(error.message);
    this.name = "GcsAnswer";
    this.status = status;
    this.errors = error.errors;
  }
}

/** What a refusal says. */
export async function readAnswer(response: Response): Promise<GcsAnswer> {
  const body: unknown = await response.json().catch(() => undefined);
  return new GcsAnswer(response.status, body);
}

/** Of the SDK, of its authentication, of ours: each has its status elsewhere. */
const GcsError = z.object({
  code: z.coerce.number().optional().catch(undefined),
  status: z.number().optional().catch(undefined),
  response: z.object({ status: z.number() }).optional().catch(undefined),
  errors: z
    .array(z.object({ reason: z.string().optional() }))
    .optional()
    .catch(undefined),
});

export function explainGcs(error: unknown): ReplicaFault {
  const { status, reason } = readError(error);
  const message = error instanceof Error ? error.message : "";
  const detail = `${reason ?? "no reason"} (${status ?? "no answer"})`;
  return new ReplicaFault(kindOf(status, reason, message), { detail, cause: error });
}

/** Whether there is no such object; a bucket that is missing is a 404 too. */
export function isNoObject(error: unknown): boolean {
  return readError(error).status === 404 && !(error instanceof Error && NO_BUCKET.test(error.message));
}

function kindOf(status: number | undefined, reason: string | undefined, message: string): ReplicaFaultKind {
  if (CLOCK.test(message)) return "clock";
  if (/invalid_grant|Could not load the default credentials/i.test(message)) return "credentials";
  if (status === 404 && NO_BUCKET.test(message)) return "missing-bucket";
  const byReason = reason === undefined ? undefined : REASON_KINDS[reason];
  if (byReason !== undefined) return byReason;
  if (status === undefined) return "unavailable";
  return STATUS_KINDS[status] ?? (status >= 400 && status < 500 ? "refused" : "unavailable");
}

function readError(error: unknown): { status: number | undefined; reason: string | undefined } {
  const { code, status, response, errors } = GcsError.safeParse(error).data ?? {};
  return { status: status ?? response?.status ?? code, reason: errors?.[0]?.reason };
}
