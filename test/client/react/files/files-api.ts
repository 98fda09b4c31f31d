import type { IncomingMessage } from "node:http";
import sharp from "sharp";
import { answerLinks, answerShares, answerVersions } from "./sharing-api.ts";
import type { StoredFile } from "./stored-files.ts";

/** As much of the API of stored files as components use, in memory. */
export interface FilesApi {
  readonly origin: string;
  files: StoredFile[];
  readonly trash: StoredFile[];
  readonly shares: Map<string, { userId: string; permission: string }[]>;
  readonly links: Map<string, Record<string, unknown>[]>;
  readonly versions: Map<string, object[]>;
  /** Bodies by "id/variant". */
  readonly contents: Map<string, Body>;
  /** How often a variant is answered as one that is being made, by "id/variant". */
  readonly making: Map<string, number>;
  /** What is answered in the place of what would be, by "METHOD /path". */
  readonly failures: Map<
    string,
    { readonly status: number; readonly code: string; readonly detail?: string }
  >;
  readonly seen: string[];
}

export interface Body {
  readonly type: string;
  readonly body: string | Buffer;
}

export interface Call {
  readonly server: FilesApi;
  readonly url: URL;
  readonly body: Record<string, unknown>;
  readonly parts: readonly string[];
}

export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly raw?: Body;
}

export function emptyFilesApi(origin: string): FilesApi {
  return {
    ...{ origin, files: [], trash: [], seen: [] },
    ...{ shares: new Map(), links: new Map(), versions: new Map() },
    ...{ contents: new Map(), failures: new Map(), making: new Map() },
  };
}

const THUMBNAIL =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" fill="#87b6d9"/>' +
  '<path d="M0 30l12-12 9 9 6-6 13 13v6H0z" fill="#3f6b4f"/><circle cx="29" cy="11" r="4" fill="#ffe08a"/></svg>';
/** As the product makes them: each SVG would be a document to the browser. */
const PICTURE = {
  type: "image/webp",
  body: await sharp(Buffer.from(THUMBNAIL)).resize(150, 150).webp().toBuffer(),
};

/** Answers for another part of the API; undefined where a call isn't for it. */
export type AnswerOthers = (method: string, call: Call) => Answer | undefined;

export async function answerCall(
  server: FilesApi,
  request: IncomingMessage,
  url: URL,
  others: AnswerOthers = () => undefined,
): Promise<Answer> {
  let text = "";
  for await (const chunk of request) text += chunk;
  const name = `${request.method} ${url.pathname}`;
  server.seen.push(name);
  const failure = server.failures.get(name);
  if (failure !== undefined)
    return { status: failure.status, json: { type: "about:blank", title: "No", ...failure } };
  const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
  const parts = url.pathname.split("/").slice(2).map(decodeURIComponent);
  const call: Call = { server, url, body, parts };
  const method = request.method ?? "GET";
  return others(method, call) ?? route(method, call);
}

const NOT_FOUND: Answer = { status: 404, json: { code: "FILE_NOT_FOUND", title: "No such file" } };

function route(method: string, call: Call): Answer {
  const { server, parts } = call;
  const [group, id] = parts;
  if (group === "signed-urls") return sign(call);
  if (group === "picture") return content(call);
  if (group !== "files") return NOT_FOUND;
  if (id === undefined) return list(call);
  if (id === "bulk") return bulk(call);
  const file = [...server.files, ...server.trash].find((each) => each.id === id);
  return file === undefined ? NOT_FOUND : routeFile(method, call, file);
}

function routeFile(method: string, call: Call, file: StoredFile): Answer {
  const [, , sub, last] = call.parts;
  switch (sub) {
    case undefined:
      if (method === "DELETE") return take(call, file);
      return method === "PATCH" ? edit(call, file) : { status: 200, json: file };
    case "restore":
      move(call.server.trash, call.server.files, file.id);
      return { status: 200, json: Object.assign(file, { state: "clean", deletedAt: null }) };
    case "content":
      return content(call);
    case "versions":
      return answerVersions(call, file, last);
    case "shares":
      return answerShares(method, call, file.id, last);
    case "share-links":
      return answerLinks(method, call, file.id, last);
    default:
      return NOT_FOUND;
  }
}

const SORTS: Readonly<Record<string, (one: StoredFile, other: StoredFile) => number>> = {
  date: (one, other) => one.createdAt.localeCompare(other.createdAt),
  name: (one, other) => one.filename.localeCompare(other.filename),
  size: (one, other) => (one.sizeBytes ?? 0) - (other.sizeBytes ?? 0),
};

function list({ server, url }: Call): Answer {
  const query = url.searchParams;
  const words = query.get("q")?.toLowerCase() ?? "";
  const [state, kind, sort] = [query.get("state"), query.get("class"), query.get("sort")];
  const source = query.get("trash") === "true" ? server.trash : server.files;
  const found = source
    .filter(({ filename }) => filename.toLowerCase().includes(words))
    .filter((file) => state === null || file.state === state)
    .filter(({ sha256 }) => (query.get("sha256") ?? sha256) === sha256)
    .filter(
      ({ mimeType }) => kind === null || mimeType.startsWith(kind === "document" ? "application" : kind),
    )
    .filter(({ tags }) => query.getAll("tags").every((tag) => tags.includes(tag)))
    .filter(({ entityId }) => (query.get("entityId") ?? entityId) === entityId)
    .filter(({ ownerId }) => query.get("scope") !== "shared" || ownerId !== "ann");
  const order = SORTS[sort ?? ""];
  if (order !== undefined) found.sort(order);
  if (order !== undefined && query.get("order") === "desc") found.reverse();
  const start = Number(query.get("cursor") ?? 0);
  const end = start + Number(query.get("limit") ?? 50);
  const nextCursor = end < found.length ? String(end) : null;
  return { status: 200, json: { items: found.slice(start, end), nextCursor } };
}

function take({ server, url }: Call, file: StoredFile): Answer {
  const isForGood = url.searchParams.get("permanent") === "true";
  move(server.files, isForGood ? undefined : server.trash, file.id);
  if (isForGood) move(server.trash, undefined, file.id);
  else Object.assign(file, { state: "deleted", deletedAt: file.updatedAt });
  return { status: 204 };
}

function edit({ body }: Call, file: StoredFile): Answer {
  Object.assign(file, body);
  return { status: 200, json: file };
}

function move(from: StoredFile[], to: StoredFile[] | undefined, id: string): boolean {
  const index = from.findIndex((file) => file.id === id);
  if (index < 0) return false;
  to?.push(...from.slice(index, index + 1));
  from.splice(index, 1);
  return true;
}

function changeOne({ server, body }: Call, id: string): boolean {
  const { files, trash } = server;
  const tags = (body["tags"] ?? []) as string[];
  const file = files.find((each) => each.id === id);
  switch (body["action"]) {
    case "delete":
      return move(files, trash, id);
    case "restore":
      return move(trash, files, id);
    case "purge":
      return move(trash, undefined, id) || (body["onlyTrash"] !== true && move(files, undefined, id));
    case "attach":
      return file !== undefined && Boolean(Object.assign(file, { entityId: body["entityId"] }));
    default: {
      if (file === undefined) return false;
      const others = file.tags.filter((tag) => !tags.includes(tag));
      file.tags = body["action"] === "tag" ? [...others, ...tags] : others;
      return true;
    }
  }
}

function bulk(call: Call): Answer {
  const items = (call.body["fileIds"] as string[]).map((fileId) => {
    const failure = call.server.failures.get(`BULK ${fileId}`);
    if (failure === undefined && changeOne(call, fileId)) return { fileId, ok: true };
    return {
      fileId,
      ok: false,
      error: { title: "No such file", status: 404, code: "FILE_NOT_FOUND", ...failure },
    };
  });
  return { status: 200, json: { items } };
}

function sign({ server, body }: Call): Answer {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const items = (body["items"] as { fileId: string; variant?: string }[]).map(
    ({ fileId, variant = "original" }) => ({
      ...{ fileId, ok: true, expiresAt },
      url: `${server.origin}/v1/picture/${fileId}?variant=${variant}`,
    }),
  );
  return { status: 200, json: { items } };
}

function content({ server, url, parts }: Call): Answer {
  const variant = url.searchParams.get("variant") ?? "original";
  const found = server.contents.get(`${parts[1]}/${variant}`);
  const left = server.making.get(`${parts[1]}/${variant}`) ?? 0;
  server.making.set(`${parts[1]}/${variant}`, left - 1);
  if (left > 0)
    return { status: 202, json: { code: "VARIANT_BEING_MADE", title: "The variant is being made" } };
  if (found !== undefined) return { status: 200, raw: found };
  if (parts[0] === "picture") return { status: 200, raw: PICTURE };
  return { status: 404, json: { code: "VARIANT_NOT_FOUND", title: "The file has no such variant" } };
}
