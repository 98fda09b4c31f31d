import { AppError } from "#contract/errors.ts";
import type { FileId, Identity, TenantId, UserId } from "#contract/ids.ts";
import type { Channel, LiveFact, LiveTicketRequest } from "#contract/live.ts";
import { OWN_FACTS } from "#contract/live.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import type { DatabaseBindings } from "../db/database.ts";
import { databaseFor } from "../db/database.ts";
import type { Audience } from "../db/live-audiences.ts";
import { findAudiences } from "../db/live-audiences.ts";
import { scopeError } from "./grants.ts";

/**
 * Who is told of what (docs/decisions/0031-live.md). A user's channel has what is theirs: the files that they own, what
 * they sent and what they did. An entity's has what is attached to it. Facts are ids and states: whoever asks for the
 * record is told no more than they may see.
 */

/** Tells a channel what happened, and whether anybody listens, or has lately. Never throws. */
export type Publish = (tenantId: TenantId, channel: Channel, facts: readonly LiveFact[]) => Promise<boolean>;

/** The longest that a socket tells anything; then who listens is looked at again, by the next ticket. */
const SOCKET_MS = 3_600_000;
const TICKET_MS = 30_000;

/** Until when a ticket opens a socket, and until when that tells anything: no longer than what its user has is good for. */
export function ticketTimes(
  credentialEndMs: number,
  nowMs: number,
): { readonly expiresAtMs: number; readonly endsAtMs: number } {
  const endsAtMs = Math.min(credentialEndMs, nowMs + SOCKET_MS);
  return { endsAtMs, expiresAtMs: Math.min(endsAtMs, nowMs + TICKET_MS) };
}

/**
 * What the caller may listen to: their own, or an entity of which they may see all that is attached. An entity grant's
 * holder has its entity and nothing else. Throws `ROLE_REQUIRED` and `GRANT_SCOPE`, for an entity that has nothing
 * attached as for any other.
 */
export function requireChannel(
  { userId, role, entityGrant }: Identity,
  { entityAccess }: TenantSettings,
  { entityType, entityId }: LiveTicketRequest,
): Channel {
  if (entityGrant !== undefined) return requireGrantedChannel(entityGrant, { entityType, entityId });
  if (entityType === undefined || entityId === undefined) return { kind: "user", userId };
  if (role !== "member" || entityAccess !== "owner") return { kind: "entity", entityType, entityId };
  throw new AppError("ROLE_REQUIRED", {
    detail: "What is attached to an entity is its owners' in this tenant: each listens to their own.",
  });
}

function requireGrantedChannel(
  { entityType, entityId, allow }: NonNullable<Identity["entityGrant"]>,
  wanted: LiveTicketRequest,
): Channel {
  if ((wanted.entityType ?? entityType) !== entityType || (wanted.entityId ?? entityId) !== entityId) {
    throw scopeError("entityId", "The grant is for another entity.");
  }
  // Uploading alone shows what its holder has uploaded, and not what others have.
  if (allow.every((action) => action === "upload")) {
    throw scopeError("allow", "The grant doesn't show what others have attached.");
  }
  return { kind: "entity", entityType, entityId };
}

/** Something that happened to files, and who did it. */
export interface Happening {
  readonly tenantId: TenantId;
  /** Told what they did too: their other tabs show it. */
  readonly by?: UserId | undefined;
  /** Which version of the files it is about: who sent that is told. */
  readonly version?: number | undefined;
  /** What is told of one of the files. */
  readonly factsOf: (fileId: FileId) => readonly LiveFact[];
}

/** Whom changes of files are told, as it is now: for what is gone, or elsewhere, when there is something to tell. */
export function findAudiencesOf(
  env: DatabaseBindings,
  tenantId: TenantId,
  fileIds: readonly FileId[],
  version?: number,
): Promise<readonly Audience[]> {
  return findAudiences(databaseFor(env, tenantId), tenantId, fileIds, version);
}

/** Tells what happened to files, of which the database has been asked for the last time. Never throws. */
export async function tellOfFiles(
  env: DatabaseBindings,
  publish: Publish,
  fileIds: readonly FileId[],
  happening: Happening,
  before: readonly Audience[] = [],
): Promise<void> {
  const { tenantId, version } = happening;
  try {
    const now = await findAudiencesOf(env, tenantId, fileIds, version);
    await tellAudiences(publish, [...before, ...now], happening);
  } catch (error) {
    console.error({ event: "live-not-told", tenantId, error: String(error) });
  }
}

/** Tells what happened to files of which it is known whom they concern. */
export async function tellAudiences(
  publish: Publish,
  audiences: readonly Audience[],
  { tenantId, by, factsOf }: Happening,
): Promise<void> {
  const told = new Map<
    string,
    { readonly channel: Channel; readonly facts: Map<FileId, readonly LiveFact[]> }
  >();
  for (const audience of audiences) {
    const facts = factsOf(audience.fileId);
    for (const channel of channelsOf(audience, facts, by)) {
      const key = JSON.stringify(channel);
      const known = told.get(key) ?? { channel, facts: new Map<FileId, readonly LiveFact[]>() };
      told.set(key, known);
      known.facts.set(audience.fileId, facts);
    }
  }
  const publishing = [...told.values()].map(({ channel, facts }) =>
    publish(tenantId, channel, factsFor(channel, [...facts.values()].flat())),
  );
  await Promise.all(publishing);
}

/** The trash is its owner's: an entity is told that a file went there, or came back, and nothing while it is there. */
function channelsOf(
  { ownerId, uploadedBy, entityType, entityId, isDeleted }: Audience,
  facts: readonly LiveFact[],
  by: UserId | undefined,
): readonly Channel[] {
  const userIds = new Set([ownerId, uploadedBy ?? ownerId, by ?? ownerId]);
  const own = [...userIds].map((userId): Channel => ({ kind: "user", userId }));
  const isGoing = facts.some(({ type }) => type === "file.deleted");
  if (entityType === null || entityId === null || (isDeleted && !isGoing)) return own;
  return [...own, { kind: "entity", entityType, entityId }];
}

/** What concerns a channel; what is said of the tenant is said once. */
export function factsFor({ kind }: Channel, facts: readonly LiveFact[]): readonly LiveFact[] {
  const ofFiles = facts.filter(({ type }) => !OWN_FACTS.has(type));
  const others = new Map(facts.filter(({ type }) => OWN_FACTS.has(type)).map((fact) => [fact.type, fact]));
  return kind === "entity" ? ofFiles : [...ofFiles, ...others.values()];
}
