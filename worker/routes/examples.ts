import type { z } from "zod";
import type {
  FileRecord,
  Health,
  SignedUrlRequest,
  SignedUrlResponse,
  UploadGrantRequest,
  UploadGrantResponse,
} from "#contract/api.ts";
import type {
  EntityGrantRequest,
  EntityGrantResponse,
  GrantRenewalRequest,
} from "#contract/entity-grants.ts";
import { UserId } from "#contract/ids.ts";
import type { FileList } from "#contract/listing.ts";
import type { LiveTicket, LiveTicketRequest } from "#contract/live.ts";
import type { UploadRulesResponse } from "#contract/upload-rules.ts";
import type { FileVersion } from "#contract/versions.ts";

/** Examples of the API's description. They are written as clients write them; a test holds them against the schemas. */

const FILE_ID = "2z6s8k5q0x9v7c4b1n3m2a4d6f";

export const FILE_EXAMPLE: z.input<typeof FileRecord> = {
  id: FILE_ID,
  filename: "contract.pdf",
  originalFilename: "contract.pdf",
  mimeType: "application/pdf",
  sizeBytes: 482_133,
  sha256: "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
  state: "clean",
  verdict: {
    verdict: "clean",
    signatureName: null,
    engine: "ClamAV 1.4.6",
    signatureVersion: "27841",
    scannedAt: "2026-11-25T09:30:02.000Z",
    reason: null,
    foundLater: false,
  },
  processingError: null,
  version: 1,
  derivatives: [{ name: "thumbnail", mimeType: "image/webp", sizeBytes: 3120, width: 150, height: 150 }],
  missingDerivatives: [
    { name: "text", state: "making", reason: null },
    { name: "reduced", state: "none", reason: "The PDF can't be made smaller by much." },
  ],
  replicas: [],
  properties: { pages: 12 },
  tags: ["signed"],
  entityType: "contact",
  entityId: "c-1042",
  ownerId: "ann",
  warnings: [],
  isPublic: false,
  publicUrl: null,
  createdAt: "2026-11-25T09:30:00.000Z",
  updatedAt: "2026-11-25T09:30:02.000Z",
  deletedAt: null,
  purgeAt: null,
};

export const FILE_LIST_EXAMPLE: z.input<typeof FileList> = { items: [FILE_EXAMPLE], nextCursor: null };

/** As it is right after its upload. */
export const STORED_FILE_EXAMPLE: z.input<typeof FileRecord> & {
  readonly url: string;
  readonly versionUrl: string;
} = {
  ...FILE_EXAMPLE,
  ...{
    sha256: null,
    state: "quarantined",
    verdict: null,
    derivatives: [],
    missingDerivatives: [],
    properties: {},
  },
  url: `/v1/files/${FILE_ID}`,
  versionUrl: `/v1/files/${FILE_ID}/versions/1`,
};

export const COMPLETED_UPLOAD_EXAMPLE = {
  id: FILE_ID,
  url: `/v1/files/${FILE_ID}`,
  version: 1,
  versionUrl: `/v1/files/${FILE_ID}/versions/1`,
};

export const VERSION_EXAMPLE: z.input<typeof FileVersion> = {
  version: 2,
  isCurrent: false,
  state: "quarantined",
  originalFilename: "contract-signed.pdf",
  mimeType: "application/pdf",
  sizeBytes: 491_022,
  sha256: null,
  verdict: null,
  signatureName: null,
  reason: null,
  uploadedBy: UserId.parse("ann"),
  createdAt: "2026-11-25T09:30:00.000Z",
};

export const SIGN_EXAMPLE: z.input<typeof SignedUrlRequest> = {
  items: [{ fileId: FILE_ID, disposition: "inline", expiresInSeconds: 600 }],
};

const SIGNATURE = "Yz5lQ0p1V2h3bXk0c2Rmb2l1eWhnYnZjZHNlcnR5dWo";
const SIGNED_QUERY = `t=acme&v=1&variant=original&disp=inline&exp=1795599000&kid=k1&sig=${SIGNATURE}`;

export const SIGNED_EXAMPLE: z.input<typeof SignedUrlResponse> = {
  items: [
    {
      ...{ fileId: FILE_ID, ok: true },
      url: `https://files.crm.example/d/${FILE_ID}/contract.pdf?${SIGNED_QUERY}`,
      expiresAt: "2026-11-25T09:30:00.000Z",
    },
  ],
};

export const GRANT_REQUEST_EXAMPLE: z.input<typeof UploadGrantRequest> = {
  userId: "ann",
  entityType: "contact",
  entityId: "c-1042",
  maxBytes: 10_485_760,
  types: ["image/*", "application/pdf"],
  expiresInSeconds: 900,
};

export const GRANT_EXAMPLE: z.input<typeof UploadGrantResponse> = {
  fileId: FILE_ID,
  version: 1,
  token: "eyJhbGciOiJIUzI1NiIsInR5cCI6ImNhdXNld2F5LWdyYW50K2p3dCJ9.e30.c2lnbmF0dXJl",
  expiresAt: "2026-11-25T09:45:00.000Z",
};

export const ENTITY_GRANT_REQUEST_EXAMPLE: z.input<typeof EntityGrantRequest> = {
  userId: "ann",
  entityType: "contact",
  entityId: "c-1042",
  allow: ["list", "download", "upload"],
  expiresInSeconds: 900,
};

export const ENTITY_GRANT_EXAMPLE: z.input<typeof EntityGrantResponse> = {
  id: "6k0v8r2m4s9t1x5z7b3c6d8f0g",
  token: "eyJhbGciOiJIUzI1NiIsInR5cCI6ImNhdXNld2F5LWVudGl0eS1ncmFudCtqd3QifQ.e30.c2lnbmF0dXJl",
  expiresAt: "2026-11-25T09:45:00.000Z",
};

export const RENEWAL_EXAMPLE: z.input<typeof GrantRenewalRequest> = {
  token: ENTITY_GRANT_EXAMPLE.token,
  expiresInSeconds: 900,
};

export const HEALTH_EXAMPLE: z.input<typeof Health> = {
  status: "ok",
  version: "0.1.0",
  parts: {
    database: { state: "ok", detail: "Answers." },
    objects: { state: "ok", detail: "Answers." },
    queue: { state: "ok", detail: "Answers." },
    processor: { state: "ok", detail: "1 running." },
    scanner: { state: "ok", detail: "ClamAV 1.4.6" },
    tools: { state: "ok", detail: "All there." },
    databaseSize: { state: "ok", detail: "The fullest database holds 12 % of what it may." },
    replicaReads: { state: "ok", detail: "Answers." },
  },
};

export const UNREADY_EXAMPLE: z.input<typeof Health> = {
  ...HEALTH_EXAMPLE,
  status: "degraded",
  parts: {
    ...HEALTH_EXAMPLE.parts,
    scanner: {
      state: "down",
      detail:
        "No virus scanner can be trusted now: files wait and are not served (the virus signatures are 9 days old, 7 are " +
        "allowed; update them (freshclam)).",
    },
  },
};

export const UPLOAD_RULES_EXAMPLE: z.input<typeof UploadRulesResponse> = {
  types: [
    { mimeType: "application/pdf", type: "application/pdf", fileClass: "document", extensions: ["pdf"] },
    { mimeType: "image/jpeg", type: "image/jpeg", fileClass: "image", extensions: ["jpg", "jpeg"] },
  ],
  blockedExtensions: ["exe", "html", "js"],
  maxBytes: {
    document: 104_857_600,
    image: 52_428_800,
    video: 524_288_000,
    audio: 104_857_600,
    other: 52_428_800,
  },
  maxAppendBytes: 100_000_000,
  availableBytes: 53_687_091_200,
};

export const LIVE_TICKET_REQUEST_EXAMPLE: LiveTicketRequest = { entityType: "contact", entityId: "c-1042" };

export const LIVE_TICKET_EXAMPLE: LiveTicket = {
  url: "wss://files.crm.example/v1/live?ticket=k1.aBcD",
  expiresAt: "2026-11-25T09:30:30.000Z",
  endsAt: "2026-11-25T10:30:00.000Z",
};
