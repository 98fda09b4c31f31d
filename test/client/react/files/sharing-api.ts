import type { Answer, Call } from "./files-api.ts";
import type { StoredFile } from "./stored-files.ts";

export function answerVersions({ server }: Call, file: StoredFile, version: string | undefined): Answer {
  if (version !== undefined) return { status: 200, json: file };
  return { status: 200, json: { items: server.versions.get(file.id) ?? [], nextCursor: null } };
}

export function answerShares(
  method: string,
  { server, body }: Call,
  id: string,
  userId: string | undefined,
): Answer {
  const all = server.shares.get(id) ?? [];
  if (userId === undefined) {
    return { status: 200, json: { items: all.map((share) => ({ expiresAt: null, ...share })) } };
  }
  const others = all.filter((share) => share.userId !== userId);
  const createdAt = "2026-11-20T10:00:00Z";
  const share = {
    ...{ userId, sharedBy: "ann", createdAt, expiresAt: null },
    permission: String(body["permission"]),
  };
  server.shares.set(id, method === "PUT" ? [...others, share] : others);
  return method === "PUT" ? { status: 200, json: share } : { status: 204 };
}

export function answerLinks(
  method: string,
  { server, body }: Call,
  id: string,
  linkId: string | undefined,
): Answer {
  const all = server.links.get(id) ?? [];
  if (method === "GET") return { status: 200, json: { items: all } };
  if (linkId !== undefined) {
    for (const link of all) if (link["id"] === linkId) link["state"] = "revoked";
    return { status: 204 };
  }
  const seconds = Number(body["expiresInSeconds"]);
  const link = {
    ...{
      id: `l${all.length + 1}`,
      url: `${server.origin}/s/${"t".repeat(40)}${all.length}`,
      state: "active",
    },
    ...{
      hasPassword: body["password"] !== undefined,
      maxDownloads: body["maxDownloads"] ?? null,
      downloads: 0,
    },
    ...{ createdBy: "ann", createdAt: "2026-11-20T10:00:00Z", revokedAt: null },
    expiresAt: new Date(Date.now() + seconds * 1000).toISOString(),
  };
  server.links.set(id, [link, ...all]);
  return { status: 201, json: link };
}
