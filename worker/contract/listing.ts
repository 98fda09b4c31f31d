import { z } from "zod";
import { FileRecord, FileState } from "./api.ts";
import { EntityName } from "./entities.ts";
import { FILE_CLASSES } from "./file-types.ts";
import { FileId, UserId } from "./ids.ts";
import { searchTermsOf } from "./names.ts";
import { Tag } from "./tags.ts";

export const MAX_PAGE_SIZE = 200;
/** Of one list: words and tags are statements' parameters, of which D1 takes a hundred. */
export const MAX_SEARCH_WORDS = 20;
export const MAX_LISTED_TAGS = 10;
/** Of words and tags beside a SHA-256: with more, files would have to be read that the caller may not see. */
export const MAX_TERMS_OF_BYTES = 3;
/** The longest name, folded: a cursor holds the one that a page ended with. */
const MAX_CURSOR_LENGTH = 8192;

export const LIST_SORTS = ["date", "name", "size"] as const;
export const LIST_ORDERS = ["asc", "desc"] as const;
/** Whose files: the caller's own, those shared with the caller, those that the caller may see, or all of the tenant. */
export const LIST_SCOPES = ["own", "shared", "visible", "all"] as const;
export const ListScope = z.enum(LIST_SCOPES);
export type ListScope = z.infer<typeof ListScope>;

const MediaType = z
  .string()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9.+-]{0,62}\/[a-z0-9][a-z0-9.+-]{0,126}$/, "is not a media type");
const Moment = z.iso.datetime({ offset: true, error: "is not a time as RFC 3339 writes it" });

/** A parameter that may be repeated comes as text where it isn't. */
function asList(value: unknown): unknown {
  return typeof value === "string" ? [value] : value;
}

const Tags = z.preprocess(asList, z.array(Tag).max(MAX_LISTED_TAGS).optional());

/** Query of `GET /v1/files`. A file is listed where all that is given holds of it. */
export const FileListQuery = z
  .strictObject({
    cursor: z.string().max(MAX_CURSOR_LENGTH).optional().meta({
      description: "nextCursor of the page before, with a query that is otherwise the same",
    }),
    limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(50),
    entityType: EntityName.optional(),
    entityId: EntityName.optional().meta({ description: "Of the given entityType" }),
    tags: Tags.meta({ description: "May be repeated: files that have all of these tags" }),
    tag: Tags.meta({ description: "The older name of tags", deprecated: true }),
    mimeType: MediaType.optional().meta({ description: "Exact media type" }),
    type: MediaType.optional().meta({ description: "The older name of mimeType", deprecated: true }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "is not a SHA-256 in hex: 64 digits, letters in lower case")
      .optional()
      .meta({
        description:
          "Files whose current version has these bytes, as its `sha256` says. Others' files that the caller may not see " +
          "change neither the answer nor how long it takes. With it, three words and tags at most",
      }),
    class: z.enum(FILE_CLASSES).optional(),
    state: FileState.exclude(["deleted"])
      .optional()
      .meta({
        description:
          "Where it isn't given, files whose first upload is under way are left out: uploading lists those. The trash has " +
          "all of its files",
      }),
    ownerId: UserId.optional(),
    createdAfter: Moment.optional().meta({ description: "RFC 3339; files made at this time or later" }),
    createdBefore: Moment.optional().meta({ description: "RFC 3339; files made before this time" }),
    q: z
      .string()
      .max(200)
      .refine((q) => searchTermsOf(q).words.length <= MAX_SEARCH_WORDS, "has too many words")
      .optional()
      .meta({
        description:
          "Every word occurs in the name, without regard to case, accents and compatibility forms. Fewer than three " +
          "characters: the name begins with them.",
      }),
    sort: z.enum(LIST_SORTS).optional().meta({
      description: "date where it isn't given; the trash is sorted by deletion",
    }),
    order: z.enum(LIST_ORDERS).optional().meta({
      description: "Where it isn't given, names ascend, the others descend",
    }),
    scope: ListScope.optional().meta({
      description:
        "own, shared (with the caller), visible (own, shared, and what all may read because it is attached to an entity) " +
        "or all. A member's is own where it isn't given, but of one entity (type and id) visible, and never all; an " +
        "admin's and a service's is all",
    }),
    trash: z.enum(["true", "false"]).optional().meta({ description: "true: the trash, and nothing else" }),
  })
  .refine(({ mimeType, type }) => mimeType === undefined || type === undefined, {
    path: ["type"],
    message: "is the older name of mimeType: give one of them",
  })
  .refine(({ tags = [], tag = [] }) => tags.length + tag.length <= MAX_LISTED_TAGS, {
    path: ["tag"],
    message: "has too many tags, with those of tags",
  })
  .superRefine((query, context) => {
    const refuse = (path: keyof typeof query, message: string): void => {
      context.addIssue({ code: "custom", path: [path], message });
    };
    if (query.entityId !== undefined && query.entityType === undefined)
      refuse("entityId", "means something only with entityType");
    const { tags = [], tag = [], q = "" } = query;
    const terms = tags.length + tag.length + searchTermsOf(q).words.length;
    if (query.sha256 !== undefined && terms > MAX_TERMS_OF_BYTES)
      refuse("sha256", `is looked for with ${MAX_TERMS_OF_BYTES} words and tags at most`);
    if (query.trash !== "true") return;
    if (query.sort !== undefined) refuse("sort", "can't be chosen in the trash");
    if (query.scope === "shared") refuse("scope", "can't be shared in the trash");
  });
export type FileListQuery = z.infer<typeof FileListQuery>;

export const FileList = z
  .object({ items: z.array(FileRecord), nextCursor: z.string().nullable() })
  .meta({ id: "FileList" });
export type FileList = z.infer<typeof FileList>;

/** What a cursor holds: where its page ended, and what it was a page of. */
export const ListCursor = z.tuple([
  z.union([z.string(), z.int()]).meta({ description: "What the list is sorted by" }),
  FileId,
  z.string().meta({ description: "Hash of the query" }),
]);
export type ListCursor = z.infer<typeof ListCursor>;

const Entity = z.strictObject({ entityType: EntityName, entityId: EntityName });
export const MAX_COUNTED_ENTITIES = 200;

/** Body of `POST /v1/entities/counts`. */
export const EntityCountsRequest = z
  .strictObject({
    items: z.array(Entity).min(1).max(MAX_COUNTED_ENTITIES),
    scope: ListScope.optional().meta({
      description: "As in a list of files of one entity: a member's is visible where it isn't given",
    }),
  })
  .meta({ id: "EntityCountsRequest" });
export type EntityCountsRequest = z.infer<typeof EntityCountsRequest>;

export const EntityCounts = z
  .object({
    items: z.array(
      Entity.extend({
        files: z.int().min(0),
        bytes: z.int().min(0).meta({ description: "Of the files' current versions" }),
      }).strip(),
    ),
  })
  .meta({ id: "EntityCounts", description: "In the order of the request" });
export type EntityCounts = z.infer<typeof EntityCounts>;
