import { z } from "zod";
import { ACTIVE_TYPES, BLOCKED_EXTENSIONS } from "./blocked-types.ts";
import { EntityAccess } from "./entities.ts";
import { FILE_CLASSES } from "./file-types.ts";
import { MAX_TARGETS, TargetName } from "./replicas.ts";
import { ActiveContentPolicy, ScanProvider } from "./wishes.ts";

const MAX_ENTRIES = 200;
const MediaType = z.string().regex(/^[a-z0-9][a-z0-9.+-]{0,62}\/[a-z0-9][a-z0-9.+-]{0,126}$/);
const Extension = z.string().regex(/^[a-z0-9]{1,16}$/);
const HarmlessType = MediaType.refine((type) => !ACTIVE_TYPES.has(type), "is a type of what runs");
const HarmlessExtension = Extension.refine(
  (extension) => !BLOCKED_EXTENSIONS.has(extension),
  "is an ending of what runs",
);
const BytesByClass = z.partialRecord(z.enum(FILE_CLASSES), z.int().min(1));

/** How many uploads may be under way at once, of a tenant and of one of its users. */
export const OPEN_UPLOADS = 10_000;
export const OPEN_UPLOADS_PER_USER = 1_000;
/** A page of a list shows fifty thumbnails: each would be an event. */
export const DERIVATIVE_READ_AUDIT_SAMPLE = 0.1;
export const AUDIT_RETENTION_DAYS = 365;
const MAX_AUDIT_RETENTION_DAYS = 3_650;
const MAX_OPEN_UPLOADS = 1_000_000;

/** How many versions a file may have. */
export const MAX_VERSIONS = 1_000;
const MOST_VERSIONS = 10_000;

/** What is otherwise for one tenant than for all. What isn't said is as for all. */
export const TenantSettings = z
  .strictObject({
    maxBytes: BytesByClass.optional().meta({ description: "Largest file of a class" }),
    warnBytes: BytesByClass.optional().meta({
      description: "A file of a class that is larger is taken with a warning",
    }),
    extraTypes: z
      .array(
        z.strictObject({
          type: HarmlessType,
          fileClass: z.enum(FILE_CLASSES),
          extensions: z.array(HarmlessExtension).max(10),
        }),
      )
      .max(MAX_ENTRIES)
      .optional()
      .meta({
        description: "Types that are taken beside the usual ones; active and executable ones never are",
      }),
    refusedTypes: z.array(MediaType).max(MAX_ENTRIES).optional(),
    blockedExtensions: z.array(Extension).max(MAX_ENTRIES).optional().meta({
      description: "Beside those that are blocked for all",
    }),
    warningThreshold: z.int().min(1).max(100).optional().meta({
      description: "Per cent of the quota from which on its use is said to be a warning",
    }),
    publicFiles: z
      .boolean()
      .optional()
      .meta({
        description:
          "Whether files may be made public. While it is false, the URLs of those that are public answer FILE_NOT_FOUND " +
          "and their records have none; they work again when it is no longer false",
      }),
    entityAccess: EntityAccess.optional().meta({
      description:
        "Who sees what is attached to an entity (by its type and id): `tenant`, all members, who may view and download it; " +
        "`owner`, its owner and those it was shared with. `tenant` where it isn't said",
    }),
    shareLinks: z.boolean().optional().meta({ description: "Whether links may be made for outsiders" }),
    trashDays: z.int().min(0).max(3650).optional().meta({
      description: "How long a deleted file can be restored",
    }),
    quarantineDays: z.int().min(1).max(3650).optional().meta({
      description: "How long a version that did not pass its check is kept, from its verdict on",
    }),
    maxOpenUploads: z
      .int()
      .min(1)
      .max(MAX_OPEN_UPLOADS)
      .optional()
      .meta({
        description: `Uploads under way, and partial ones that nobody has joined. ${OPEN_UPLOADS} where it isn't said`,
      }),
    maxOpenUploadsPerUser: z
      .int()
      .min(1)
      .max(MAX_OPEN_UPLOADS)
      .optional()
      .meta({
        description:
          `Of one user, but for what services and upload grants begin. ${OPEN_UPLOADS_PER_USER} where it ` +
          "isn't said",
      }),
    maxVersions: z
      .int()
      .min(1)
      .max(MOST_VERSIONS)
      .optional()
      .meta({ description: `Versions that a file may have. ${MAX_VERSIONS} where it isn't said` }),
    readAuditSample: z.number().min(0).max(1).optional().meta({
      description: "Share of the reads by signed or public URL that is recorded",
    }),
    derivativeReadAuditSample: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .meta({
        description:
          `Share of the reads of thumbnails and what else is made of files that is recorded, by whomever; ` +
          `${DERIVATIVE_READ_AUDIT_SAMPLE} where it isn't said`,
      }),
    auditRetentionDays: z
      .int()
      .min(1)
      .max(MAX_AUDIT_RETENTION_DAYS)
      .optional()
      .meta({
        description:
          `How long events of the audit trail are kept in the database; ${AUDIT_RETENTION_DAYS} where it isn't said. Older ` +
          "ones are in the bucket, a day in an object, and found by the same requests",
      }),
    virusScanProvider: ScanProvider.optional().meta({
      description: "What new files are scanned with; as the deployment does for all where it isn't said",
    }),
    virusTotalUploads: z
      .boolean()
      .optional()
      .meta({
        description:
          "Whether VirusTotal is sent files that it doesn't know by their hash. It keeps them, and shows them to " +
          "its customers. No where it isn't said",
      }),
    activeContent: ActiveContentPolicy.optional().meta({
      description:
        "Of files with macros, scripts, remote templates and the like: `allow` doesn't look for it, `flag` tells of " +
        "it in the file's `properties`, `refuse` keeps such files back. `flag` where it isn't said",
    }),
    avifDerivatives: z.boolean().optional().meta({
      description: "Whether optimised images are made as AVIF. No where it isn't said",
    }),
    keepPlaces: z.boolean().optional().meta({
      description: "Whether a photo's place is told in its `properties`. No where it isn't said",
    }),
    replicaTargets: z
      .array(TargetName)
      .max(MAX_TARGETS)
      .optional()
      .meta({
        description:
          "Where new files are copied to, of the deployment's targets; to all where it isn't said. Copies elsewhere are " +
          "removed when it is said",
      }),
    replicaDerivatives: z.boolean().optional().meta({
      description: "Whether what is made of files is copied too. No where it isn't said",
    }),
  })
  .meta({ id: "TenantSettings" });
export type TenantSettings = z.infer<typeof TenantSettings>;

/** Per cent of the quota, where a tenant has no threshold of its own. */
export const WARNING_THRESHOLD = 80;
export const CRITICAL_THRESHOLD = 95;
export const TRASH_DAYS = 30;
