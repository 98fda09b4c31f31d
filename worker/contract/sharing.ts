import { z } from "zod";
import { ShareLinkId, UserId } from "./ids.ts";

/** What a user that a file is shared with may do; each includes the ones before it. */
export const SHARE_PERMISSIONS = ["view", "download", "delete"] as const;
export const SharePermission = z.enum(SHARE_PERMISSIONS);
export type SharePermission = z.infer<typeof SharePermission>;

/** Most users that one file is shared with at a time. */
export const MAX_SHARES = 500;

/** Most links of one file that work at a time. */
export const MAX_ACTIVE_SHARE_LINKS = 100;

/** A link lives a year at most, a leap year's length; one made without an end lives as long. */
export const MAX_SHARE_LINK_SECONDS = 366 * 24 * 3600;

const Timestamp = z.iso.datetime().meta({ description: "RFC 3339, UTC" });

/** Body of `PUT /v1/files/{id}/shares/{userId}`. It replaces the share that there was. */
export const ShareRequest = z
  .strictObject({
    permission: SharePermission,
    expiresAt: Timestamp.optional().meta({ description: "RFC 3339, UTC; without it the share has no end" }),
  })
  .meta({ id: "ShareRequest" });
export type ShareRequest = z.infer<typeof ShareRequest>;

export const Share = z
  .object({
    userId: UserId,
    permission: SharePermission,
    sharedBy: UserId,
    createdAt: Timestamp,
    expiresAt: Timestamp.nullable(),
  })
  .meta({ id: "Share" });
export type Share = z.infer<typeof Share>;

export const ShareList = z.object({ items: z.array(Share) }).meta({ id: "ShareList" });
export type ShareList = z.infer<typeof ShareList>;

const MIN_PASSWORD_LENGTH = 8;
export const MAX_PASSWORD_LENGTH = 128;
const MAX_DOWNLOADS = 1_000_000;

/** Body of `POST /v1/files/{id}/share-links`. */
export const ShareLinkRequest = z
  .strictObject({
    expiresAt: Timestamp.optional().meta({ description: "RFC 3339, UTC; a year from now at most" }),
    expiresInSeconds: z.int().min(1).max(MAX_SHARE_LINK_SECONDS).optional().meta({
      description: "In the place of `expiresAt`. With neither, the link lives for a year",
    }),
    password: z.string().min(MIN_PASSWORD_LENGTH).max(MAX_PASSWORD_LENGTH).optional(),
    maxDownloads: z.int().min(1).max(MAX_DOWNLOADS).optional(),
  })
  .refine((request) => request.expiresAt === undefined || request.expiresInSeconds === undefined, {
    path: ["expiresInSeconds"],
    message: "can't be given together with expiresAt",
  })
  .meta({ id: "ShareLinkRequest" });
export type ShareLinkRequest = z.infer<typeof ShareLinkRequest>;

/** Why a link works no more; `active` while it does. */
export const SHARE_LINK_STATES = ["active", "expired", "revoked", "used-up"] as const;
export const ShareLinkState = z.enum(SHARE_LINK_STATES);
export type ShareLinkState = z.infer<typeof ShareLinkState>;

export const ShareLink = z
  .object({
    id: ShareLinkId,
    url: z.url().meta({ description: "The page, for whoever has this address" }),
    state: ShareLinkState,
    hasPassword: z.boolean(),
    maxDownloads: z.int().nullable(),
    downloads: z.int().min(0),
    createdBy: UserId,
    createdAt: Timestamp,
    expiresAt: Timestamp.nullable(),
    revokedAt: Timestamp.nullable(),
  })
  .meta({ id: "ShareLink" });
export type ShareLink = z.infer<typeof ShareLink>;

export const ShareLinkList = z.object({ items: z.array(ShareLink) }).meta({ id: "ShareLinkList" });
export type ShareLinkList = z.infer<typeof ShareLinkList>;

/** `GET /s/{token}` as JSON: what an outsider sees. Behind a password nothing is told of the file. */
export const SharedFile = z
  .object({
    passwordRequired: z.boolean(),
    file: z
      .object({
        filename: z.string(),
        mimeType: z.string(),
        sizeBytes: z.int().min(0),
        thumbnailUrl: z.url().nullable(),
      })
      .nullable()
      .meta({ description: "null behind a password" }),
    expiresAt: Timestamp.nullable(),
    downloadsLeft: z.int().nullable(),
  })
  .meta({ id: "SharedFile" });
export type SharedFile = z.infer<typeof SharedFile>;

/** Body of `POST /s/{token}`, as JSON or as a form. */
export const SharedDownloadRequest = z.strictObject({
  password: z.string().max(MAX_PASSWORD_LENGTH).optional(),
});

/** `POST /s/{token}` as JSON: one download, which was counted. */
export const SharedDownload = z
  .object({
    filename: z.string(),
    mimeType: z.string(),
    sizeBytes: z.int().min(0),
    url: z.url(),
    expiresAt: Timestamp.meta({ description: "Until when the bytes can be asked for, again and in parts" }),
  })
  .meta({ id: "SharedDownload" });
export type SharedDownload = z.infer<typeof SharedDownload>;
