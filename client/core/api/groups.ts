import { type FilesClient, filesClientOf } from "../files.ts";
import type { ApiCall } from "../http.ts";
import { type Admin, createAdmin } from "./admin/admin.ts";
import { createEntities, type Entities } from "./entities.ts";
import { createLiveTickets, type LiveTickets } from "./live-tickets.ts";
import type { WaiterFor } from "./poll.ts";
import { createQuota, type Quota } from "./quota.ts";
import { createShareLinks, type ShareLinks } from "./share-links.ts";
import { createSharedFiles, type SharedFiles } from "./shared-files.ts";
import { createShares, type Shares } from "./shares.ts";
import { createSignedUrls, type SignedUrls } from "./signed-urls.ts";
import { createUploadRules, type UploadRules } from "./upload-rules.ts";
import { createVersions, type Versions } from "./versions.ts";

/** What users and backends both call. */
export interface Groups {
  readonly files: FilesClient;
  readonly versions: Versions;
  readonly shares: Shares;
  readonly shareLinks: ShareLinks;
  readonly sharedFiles: SharedFiles;
  readonly signedUrls: SignedUrls;
  readonly entities: Entities;
  readonly quota: Quota;
  readonly uploadRules: UploadRules;
  readonly liveTickets: LiveTickets;
  readonly admin: Admin;
}

/** @param waiterFor between two looks at a file that is waited for */
export function createGroups(call: ApiCall, waiterFor?: WaiterFor): Groups {
  return {
    files: filesClientOf(call, waiterFor),
    versions: createVersions(call, waiterFor),
    shares: createShares(call),
    shareLinks: createShareLinks(call),
    sharedFiles: createSharedFiles(call),
    signedUrls: createSignedUrls(call),
    entities: createEntities(call),
    quota: createQuota(call),
    uploadRules: createUploadRules(call),
    liveTickets: createLiveTickets(call),
    admin: createAdmin(call),
  };
}
