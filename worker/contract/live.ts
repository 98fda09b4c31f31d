import { z } from "zod";
import { EntityName, EntityType } from "./entities.ts";
import type { FileId } from "./ids.ts";
import { UserId } from "./ids.ts";

/**
 * Live status (R49): what changes for a user, told while it changes. A socket is opened with a ticket and tells of one
 * channel: of all that is a user's own, or of what is attached to one entity.
 */

/** Where a socket is opened, with `ticket` and, by whoever goes on, `after`: the sequence that was told last. */
export const LIVE_PATH = "/v1/live";

/** What a client may send: it is answered `LIVE_PONG` without waking anything. All else closes the socket. */
export const LIVE_PING = "ping";
export const LIVE_PONG = "pong";

/** Codes by which a socket is closed by the server (RFC 6455, 7.4.2: 4000 and up are an application's own). */
export const LIVE_CLOSE = {
  /** Its time is over: another ticket opens the next. */
  ended: 4001,
  /** It sent what is nothing of ours. */
  refused: 4002,
} as const;

/** Of what a socket tells: what is a user's own, or what is attached to an entity. */
export const Channel = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("user"), userId: UserId }),
  z.object({ kind: z.literal("entity"), entityType: z.string(), entityId: z.string() }),
]);
export type Channel = z.infer<typeof Channel>;

/** Body of `POST /v1/live/tickets`. */
export const LiveTicketRequest = z
  .strictObject({ entityType: EntityType.optional(), entityId: EntityName.optional() })
  .refine(({ entityType, entityId }) => (entityType === undefined) === (entityId === undefined), {
    message: "entityType and entityId are given together",
    path: ["entityId"],
  })
  .meta({
    id: "LiveTicketRequest",
    description: "Of what is to be told: an entity's files, or the caller's own",
  });
export type LiveTicketRequest = z.infer<typeof LiveTicketRequest>;

export const LiveTicket = z
  .object({
    url: z.string().meta({ description: "Opens a WebSocket; with &after=<sequence> it goes on from there" }),
    expiresAt: z.iso.datetime().meta({ description: "Until when it opens one" }),
    endsAt: z.iso.datetime().meta({ description: "Until when that tells anything" }),
  })
  .meta({ id: "LiveTicket" });
export type LiveTicket = z.infer<typeof LiveTicket>;

/** One version of a file. Ids and states alone: names and all else are the record's, which says who may read it. */
interface OfVersion {
  readonly fileId: FileId;
  readonly version: number;
}

interface OfUpload extends OfVersion {
  readonly offsetBytes: number;
  /** Null while it isn't known. */
  readonly lengthBytes: number | null;
}

/** What happened. The names are those of webhooks. */
export type LiveFact =
  | { readonly type: "upload.created" | "upload.progress"; readonly data: OfUpload }
  /** All bytes are stored, and wait for their check; or it ended without a file. */
  | { readonly type: "upload.finished" | "upload.ended"; readonly data: OfVersion }
  /** The check is over, or was done again with another outcome. */
  | { readonly type: "file.ready" | "file.infected" | "file.unscannable"; readonly data: OfVersion }
  | { readonly type: "file.derived"; readonly data: OfVersion & { readonly derivative: string } }
  | { readonly type: "file.copied"; readonly data: OfVersion & { readonly target: string } }
  | {
      readonly type: "file.updated" | "file.deleted" | "file.restored" | "file.purged";
      readonly data: { readonly fileId: FileId };
    }
  | { readonly type: "file.shared" | "file.unshared"; readonly data: { readonly fileId: FileId } }
  /** What of it is used is asked at `GET /v1/quota`. */
  | { readonly type: "quota.changed"; readonly data: Readonly<Record<string, never>> };

/** Facts about no file in particular, which say nothing to whoever watches an entity. */
export const OWN_FACTS: ReadonlySet<LiveFact["type"]> = new Set(["quota.changed"]);

/** Facts that are out of date with the next one: they are told to whoever listens, and not kept. */
export const PASSING_FACTS: ReadonlySet<LiveFact["type"]> = new Set(["upload.progress"]);

/** A fact as a socket tells it. Sequences rise within a channel, not by ones; a passing fact has that of the one before. */
export type LiveEvent = LiveFact & { readonly sequence: number; readonly at: string };

/** The first message of a socket: whether what was missed follows, or is to be read from the API. */
export interface LiveHello {
  readonly type: "hello";
  readonly sequence: number;
  readonly resumed: boolean;
}

export type LiveMessage = LiveHello | LiveEvent;
