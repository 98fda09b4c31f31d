import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { parseDictionary, parseItem } from "structured-headers";
import { CREATION, PARTIAL_UPLOAD } from "../ietf.ts";
import { CreationSubject } from "./creation-subject.ts";
import type { IsTakeable, RequestKind } from "./subject.ts";
import { newUser, requestOf } from "./subject.ts";
import type { UploadSubject } from "./upload-subject.ts";
import { beginUpload, distinctText, UploadSubject as Upload, WHOLE_BYTES } from "./upload-subject.ts";
import type { WireRequest } from "./wire-request.ts";

/** A structured field's bare item, or undefined where the field isn't one: then it is as if it weren't there. */
function itemOf(value: string | undefined): unknown {
  try {
    return value === undefined ? undefined : parseItem(value)[0];
  } catch {
    return undefined;
  }
}

const sameItem: IsTakeable = (value, valid) => itemOf(value) === itemOf(valid);
const isBoolean: IsTakeable = (value) => typeof itemOf(value) === "boolean";

/** No digest of another content than there is: other algorithms, and what is no digest, count for nothing. */
const noOtherDigest: IsTakeable = (value, valid) => {
  const given = digestsOf(value);
  const right = digestsOf(valid);
  return [...given].every(([name, digest]) => !right.has(name) || right.get(name) === digest);
};

function digestsOf(value: string | undefined): ReadonlyMap<string, string> {
  try {
    const members = [...parseDictionary(value ?? "")];
    return new Map(
      members.flatMap(([name, [digest]]) =>
        digest instanceof ArrayBuffer ? [[name, Buffer.from(digest).toString("base64")]] : [],
      ),
    );
  } catch {
    return new Map();
  }
}

function digestField(bytes: Buffer): string {
  const of = (name: string): string => createHash(name).update(bytes).digest("base64");
  return `sha-256=:${of("sha256")}:, sha-512=:${of("sha512")}:`;
}

type Fields = Readonly<Record<string, string>>;

interface Creation {
  readonly name: string;
  readonly fields: Fields;
  readonly content?: Buffer;
  readonly target?: string;
  readonly strict?: RequestKind["strict"];
}

function creation({ name, fields, content, target = "/v1/uploads", strict = {} }: Creation): RequestKind {
  return {
    name: `ietf: ${name}`,
    strict,
    async begin(world) {
      const caller = await newUser(world);
      return new CreationSubject(world, caller, () =>
        requestOf(world, caller, ["POST", target], fields, content),
      );
    },
  };
}

function aboutUpload(
  name: string,
  strict: RequestKind["strict"],
  request: (upload: UploadSubject) => WireRequest,
): RequestKind {
  return {
    name: `ietf: ${name}`,
    strict,
    begin: async (world) => new Upload(await beginUpload(world, { lengthBytes: null }), request),
  };
}

function to(
  { world, caller, location }: UploadSubject,
  method: string,
  fields: Fields = {},
  content?: Buffer,
): WireRequest {
  return requestOf(world, caller, [method, location], fields, content);
}

const APPENDING = { "upload-offset": sameItem, "upload-complete": isBoolean } as const;

function appendFields(upload: UploadSubject, complete: "?0" | "?1"): Fields {
  return {
    "content-type": PARTIAL_UPLOAD,
    "upload-offset": String(upload.offsetBytes),
    "upload-complete": complete,
    "upload-draft-interop-version": "8",
  };
}

const WHOLE = distinctText(700);
const ZIPPED = gzipSync(WHOLE);

export const IETF_KINDS: readonly RequestKind[] = [
  creation({ name: "careful creation", fields: CREATION }),
  creation({
    name: "creation with a beginning",
    fields: { ...CREATION, "upload-length": "1000", "content-digest": digestField(WHOLE) },
    content: WHOLE,
    strict: { "content-digest": noOtherDigest },
  }),
  creation({
    name: "creation with everything",
    target: "/v1/uploads?entityType=deal&entityId=d-1&tags=a,b",
    fields: {
      ...CREATION,
      "upload-complete": "?1",
      "upload-length": String(WHOLE.byteLength),
      "content-digest": digestField(WHOLE),
      "repr-digest": digestField(WHOLE),
      "want-repr-digest": "sha-256=9, sha-512=1",
    },
    content: WHOLE,
    strict: { "content-digest": noOtherDigest },
  }),
  creation({ name: "nothing but a body", fields: { "content-type": "text/plain" }, content: WHOLE }),
  creation({
    name: "creation of what is coded",
    fields: { ...CREATION, "upload-complete": "?1", "content-encoding": "gzip" },
    content: ZIPPED,
  }),
  aboutUpload("append", APPENDING, (upload) =>
    to(upload, "PATCH", appendFields(upload, "?0"), upload.next(400)),
  ),
  aboutUpload("append with a digest", { ...APPENDING, "content-digest": noOtherDigest }, (upload) => {
    const content = upload.next(400);
    return to(
      upload,
      "PATCH",
      { ...appendFields(upload, "?0"), "content-digest": digestField(content) },
      content,
    );
  }),
  aboutUpload("last append", APPENDING, (upload) =>
    to(
      upload,
      "PATCH",
      { ...appendFields(upload, "?1"), "upload-length": String(WHOLE_BYTES) },
      upload.next(),
    ),
  ),
  aboutUpload("last append, of nothing", APPENDING, (upload) =>
    to(upload, "PATCH", appendFields(upload, "?1")),
  ),
  aboutUpload("append by POST", APPENDING, (upload) =>
    to(
      upload,
      "POST",
      { ...appendFields(upload, "?0"), "x-http-method-override": "PATCH" },
      upload.next(400),
    ),
  ),
  aboutUpload("HEAD", {}, (upload) => to(upload, "HEAD")),
  aboutUpload("GET", {}, (upload) => to(upload, "GET")),
  aboutUpload("DELETE", {}, (upload) => to(upload, "DELETE")),
];
