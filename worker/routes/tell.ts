import type { FileId, FileVersionRef, UserId } from "#contract/ids.ts";
import type { LiveFact } from "#contract/live.ts";
import type { AppContext } from "../app-env.ts";
import type { LiveBindings } from "../live/live-client.ts";
import { LiveClient } from "../live/live-client.ts";
import type { Publish } from "../services/live.ts";
import { findAudiencesOf, tellAudiences, tellOfFiles } from "../services/live.ts";

/** Whom changes of files are told. */
type Audiences = Awaited<ReturnType<typeof findAudiencesOf>>;

/** Undefined where there is nobody who could be told: then nobody is asked whom something concerns. */
function publisherOf(env: LiveBindings): Publish | undefined {
  if (env.LIVE === undefined) return undefined;
  const client = new LiveClient(env);
  return (tenantId, channel, facts) => client.publish(tenantId, channel, facts);
}

/** Whom it concerns before something is done that changes that. */
export async function audiencesBefore(c: AppContext, fileIds: readonly FileId[]): Promise<Audiences> {
  if (publisherOf(c.env) === undefined) return [];
  // What can't be told is no reason not to do it.
  return findAudiencesOf(c.env, c.get("identity").tenantId, fileIds).catch(() => []);
}

/** Tells what has happened to a version, while the answer is under way. */
export function tellOfVersion(
  { env, executionCtx }: Pick<AppContext, "env" | "executionCtx">,
  { tenantId, fileId, version }: FileVersionRef,
  fact: LiveFact,
): void {
  const publish = publisherOf(env);
  if (publish === undefined) return;
  const happening = { tenantId, version, factsOf: () => [fact] };
  executionCtx.waitUntil(tellOfFiles(env, publish, [fileId], happening));
}

/** Tells one user of the caller's tenant what has been done for them. */
export function tellUser(c: AppContext, userId: UserId, fact: LiveFact): void {
  const { tenantId } = c.get("identity");
  const told = publisherOf(c.env)?.(tenantId, { kind: "user", userId }, [fact]);
  if (told !== undefined) c.executionCtx.waitUntil(told);
}

interface Telling {
  /** Found by `audiencesBefore`: told beside whom it concerns now. */
  readonly before?: Audiences;
  /** Whether a version is gone. */
  readonly ofQuota?: boolean;
}

type FileFact = Extract<LiveFact, { readonly data: { readonly fileId: FileId } }>["type"];
type ChangeFact = Extract<FileFact, "file.updated" | "file.deleted" | "file.restored" | "file.purged">;

/** Tells what the caller did to files, while the answer is under way. */
export function tell(
  c: AppContext,
  type: ChangeFact,
  fileIds: readonly FileId[],
  { before = [], ofQuota = false }: Telling = {},
): void {
  const publish = publisherOf(c.env);
  if (publish === undefined || fileIds.length === 0) return;
  const { tenantId, userId: by } = c.get("identity");
  const factsOf = (fileId: FileId): readonly LiveFact[] => [
    { type, data: { fileId } },
    ...(ofQuota || type !== "file.updated" ? [{ type: "quota.changed", data: {} } as const] : []),
  ];
  const happening = { tenantId, by, factsOf };
  // Of what is gone for good nobody could be asked.
  const told =
    type === "file.purged"
      ? tellAudiences(publish, before, happening)
      : tellOfFiles(c.env, publish, fileIds, happening, before);
  c.executionCtx.waitUntil(told);
}
