import type { FileId, FileVersionRef, UserId } from "#contract/ids.ts";
import type { LiveFact } from "#contract/live.ts";
import type { AppContext } from "../app-env.ts";
import { LiveClient } from "../live/live-client.ts";
import type { Publish } from "../services/live.ts";
import { findAudiencesOf, tellAudiences, tellOfFiles } from "../services/live.ts";

/** Whom changes of files are told. */
type Audiences = Awaited<ReturnType<typeof findAudiencesOf>>;

export function publisherOf(env: Env): Publish {
  const client = new LiveClient(env);
  return (tenantId, channel, facts) => client.publish(tenantId, channel, facts);
}

/** Whom it concerns before something is done that changes that. */
export function audiencesBefore(c: AppContext, fileIds: readonly FileId[]): Promise<Audiences> {
  // What can't be told is no reason not to do it.
  return findAudiencesOf(c.env, c.get("identity").tenantId, fileIds).catch(() => []);
}

/** Tells what has happened to a version, while the answer is under way. */
export function tellOfVersion(
  { env, executionCtx }: Pick<AppContext, "env" | "executionCtx">,
  { tenantId, fileId, version }: FileVersionRef,
  fact: LiveFact,
): void {
  const happening = { tenantId, version, factsOf: () => [fact] };
  executionCtx.waitUntil(tellOfFiles(env, publisherOf(env), [fileId], happening));
}

/** Tells one user of the caller's tenant what has been done for them. */
export function tellUser(c: AppContext, userId: UserId, fact: LiveFact): void {
  const { tenantId } = c.get("identity");
  c.executionCtx.waitUntil(publisherOf(c.env)(tenantId, { kind: "user", userId }, [fact]));
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
  const { tenantId, userId: by } = c.get("identity");
  const factsOf = (fileId: FileId): readonly LiveFact[] => [
    { type, data: { fileId } },
    ...(ofQuota || type !== "file.updated" ? [{ type: "quota.changed", data: {} } as const] : []),
  ];
  const happening = { tenantId, by, factsOf };
  const publish = publisherOf(c.env);
  // Of what is gone for good nobody could be asked.
  const told =
    type === "file.purged"
      ? tellAudiences(publish, before, happening)
      : tellOfFiles(c.env, publish, fileIds, happening, before);
  c.executionCtx.waitUntil(told);
}
