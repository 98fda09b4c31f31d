import type { z } from "zod";
import type { FailedJob } from "#contract/failed-jobs.ts";
import type { BlockedVersion } from "#contract/quarantine.ts";
import type { Rescan } from "#contract/rescans.ts";
import type { Answer, Call, FilesApi } from "../react/files/files-api.ts";

/** What admins are answered, in memory. */
export interface AdminApi {
  blocked: z.input<typeof BlockedVersion>[];
  failedJobs: z.input<typeof FailedJob>[];
  rescans: z.input<typeof Rescan>[];
}

export function emptyAdminApi(): AdminApi {
  return { blocked: [], failedJobs: [], rescans: [] };
}

const NOT_FOUND: Answer = { status: 404, json: { code: "NOT_FOUND", title: "There is nothing here" } };

/** Answers below `/v1/admin`; undefined where it isn't for this. */
export function answerAdmin(admin: AdminApi, method: string, call: Call): Answer | undefined {
  const { parts } = call;
  if (parts[0] === "entities") return countFiles(call.server, call.body);
  if (parts[0] !== "admin") return undefined;
  switch (parts[1] ?? "") {
    case "quarantine":
      return answerQuarantine(admin, call);
    case "failed-jobs":
      return answerFailedJobs(admin, method, call);
    case "audit":
      return { status: 200, json: { items: [], nextCursor: null } };
    case "rescans":
      return answerRescans(admin, method, call);
    default:
      return NOT_FOUND;
  }
}

function countFiles({ files }: FilesApi, body: Record<string, unknown>): Answer {
  const entities = body["items"] as { readonly entityType: string; readonly entityId: string }[];
  const items = entities.map((entity) => {
    const its = files.filter(({ entityId }) => entityId === entity.entityId);
    const bytes = its.reduce((total, { sizeBytes }) => total + (sizeBytes ?? 0), 0);
    return { ...entity, files: its.length, bytes };
  });
  return { status: 200, json: { items } };
}

interface VersionRef {
  readonly fileId: string;
  readonly version: number;
}

/** All but the version that the path names. */
function without<Ref extends VersionRef>(all: readonly Ref[], [, , fileId, version]: Call["parts"]): Ref[] {
  return all.filter((each) => each.fileId !== fileId || each.version !== Number(version));
}

function answerQuarantine(admin: AdminApi, { parts, url }: Call): Answer {
  if (parts.length > 2) {
    admin.blocked = without(admin.blocked, parts);
    return { status: 204 };
  }
  const state = url.searchParams.get("state");
  const items = admin.blocked.filter((each) => state === null || each.state === state);
  return { status: 200, json: { items, nextCursor: null } };
}

function answerFailedJobs(admin: AdminApi, method: string, { parts }: Call): Answer {
  if (method === "GET") return { status: 200, json: { items: admin.failedJobs, nextCursor: null } };
  if (parts[2] === "retry") {
    const retried = admin.failedJobs.length;
    admin.failedJobs = [];
    return { status: 202, json: { retried, left: 0 } };
  }
  admin.failedJobs = without(admin.failedJobs, parts);
  return { status: 202 };
}

const STATES = { pause: "paused", resume: "running", cancel: "cancelled" } as const;

function answerRescans(admin: AdminApi, method: string, { parts }: Call): Answer {
  const [, , id, change] = parts;
  const found = admin.rescans.find((each) => each.id === id);
  if (id === undefined && method === "POST") {
    const begun = rescan({ id: `r${admin.rescans.length + 1}` });
    admin.rescans.unshift(begun);
    return { status: 202, json: begun };
  }
  if (id === undefined) return { status: 200, json: { items: admin.rescans } };
  if (found === undefined) return NOT_FOUND;
  if (change !== undefined) found.state = STATES[change as keyof typeof STATES];
  return { status: 200, json: found };
}

/** A rescan of all files that has come so far. */
export function rescan(changes: Partial<AdminApi["rescans"][number]> = {}): AdminApi["rescans"][number] {
  return {
    ...{ id: "r1", state: "running", fileId: null, olderThanSignatureVersion: null, requestedBy: "ann" },
    ...{ createdAt: "2026-11-20T09:30:00Z", finishedAt: null },
    files: { total: 812, seen: 0 },
    versions: { sent: 0, scanned: 0, found: 0, failed: 0 },
    ...changes,
  };
}
