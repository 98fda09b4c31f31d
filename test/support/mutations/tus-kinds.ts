import { createHash } from "node:crypto";
import { APPEND, metadataHeader, TUS } from "../api.ts";
import { CreationSubject } from "./creation-subject.ts";
import { SteadySubject } from "./steady-subject.ts";
import type { IsTakeable, RequestKind, Subject, World } from "./subject.ts";
import { ask, newUser, requestOf } from "./subject.ts";
import type { UploadSubject } from "./upload-subject.ts";
import { beginUpload, distinctText, UploadSubject as Upload, WHOLE_BYTES } from "./upload-subject.ts";
import type { WireRequest } from "./wire-request.ts";
import { wireRequest } from "./wire-request.ts";

const exactly: IsTakeable = (value, valid) => value === valid;
/** HEAD and DELETE are the same in both protocols: without its version they are the other's. */
const exactlyOrNone: IsTakeable = (value, valid) => value === undefined || value === valid;
const isSize: IsTakeable = (value) => /^(0|[1-9]\d{0,15})$/.test(value ?? "");
const isMetadata: IsTakeable = (value) =>
  /(^|,)[ \t]*filename [A-Za-z0-9+/]+={0,2}([ \t]*,|$)/.test(value ?? "");
const isConcat: IsTakeable = (value) =>
  value === undefined || value === "partial" || (value ?? "").startsWith("final;/");

const METADATA = metadataHeader({
  filename: "notes.txt",
  filetype: "text/plain",
  ...{ entityType: "deal", entityId: "7" },
  tags: "a,b",
});
const CREATION = { ...TUS, "upload-metadata": METADATA } as const;

type Fields = Readonly<Record<string, string>>;

function creation(
  name: string,
  fields: Fields,
  strict: RequestKind["strict"],
  content?: Buffer,
): RequestKind {
  return {
    name: `tus: ${name}`,
    strict: { "tus-resumable": exactly, ...strict },
    async begin(world) {
      const caller = await newUser(world);
      return new CreationSubject(world, caller, () =>
        requestOf(world, caller, ["POST", "/v1/uploads"], fields, content),
      );
    },
  };
}

interface AboutUpload {
  readonly name: string;
  readonly strict: RequestKind["strict"];
  /** Of the upload; null where it isn't known yet. */
  readonly lengthBytes?: number | null;
  readonly request: (upload: UploadSubject) => WireRequest;
}

function aboutUpload({ name, strict, lengthBytes = WHOLE_BYTES, request }: AboutUpload): RequestKind {
  return {
    name: `tus: ${name}`,
    strict,
    async begin(world): Promise<Subject> {
      return new Upload(await beginUpload(world, { lengthBytes }), request);
    },
  };
}

/** A request about an upload; its content is some of what comes next. */
function to(
  { world, caller, location }: UploadSubject,
  method: string,
  fields: Fields,
  content?: Buffer,
): WireRequest {
  return requestOf(world, caller, [method, location], fields, content);
}

function checksumOf(bytes: Buffer): string {
  return `sha256 ${createHash("sha256").update(bytes).digest("base64")}`;
}

const APPENDING = { "tus-resumable": exactly, "upload-offset": exactly, "content-type": exactly } as const;

function appendFields(upload: UploadSubject): Fields {
  return { ...APPEND, "upload-offset": String(upload.offsetBytes) };
}

/** Two complete partial uploads, for one final. */
async function beginPartials(world: World): Promise<Subject> {
  const caller = await newUser(world);
  const locations: string[] = [];
  for (const offset of [0, 512]) {
    const answer = await ask(caller, "/v1/uploads", {
      method: "POST",
      headers: { ...APPEND, "upload-length": "512", "upload-concat": "partial" },
      body: Buffer.from(distinctText(512, offset)),
    });
    locations.push(answer.headers.get("location") ?? "");
  }
  const fields = { ...CREATION, "upload-concat": `final;${locations.join(" ")}` };
  return new CreationSubject(world, caller, () => requestOf(world, caller, ["POST", "/v1/uploads"], fields));
}

export const TUS_KINDS: readonly RequestKind[] = [
  {
    name: "tus: OPTIONS",
    strict: {},
    begin: (world) =>
      Promise.resolve(
        new SteadySubject(() => wireRequest("OPTIONS", "/v1/uploads", { host: world.url.host, ...TUS })),
      ),
  },
  creation(
    "creation",
    { ...CREATION, "upload-length": "1000" },
    { "upload-length": isSize, "upload-metadata": isMetadata },
  ),
  creation(
    "creation with upload",
    { ...CREATION, ...APPEND, "upload-length": "1000" },
    { "upload-length": isSize, "upload-metadata": isMetadata, "content-type": exactly },
    distinctText(300),
  ),
  creation(
    "creation with upload and checksum",
    { ...CREATION, ...APPEND, "upload-length": "300", "upload-checksum": checksumOf(distinctText(300)) },
    { "upload-checksum": exactlyOrNone, "content-type": exactly },
    distinctText(300),
  ),
  creation(
    "creation of a deferred length",
    { ...CREATION, "upload-defer-length": "1" },
    { "upload-defer-length": exactly },
  ),
  creation(
    "creation of a partial",
    { ...TUS, "upload-length": "100", "upload-concat": "partial" },
    {
      "upload-length": isSize,
      "upload-concat": isConcat,
    },
  ),
  {
    name: "tus: creation of a final",
    // Without it, it is a file's, whose length is missing.
    strict: { "tus-resumable": exactly, "upload-concat": (value) => (value ?? "").startsWith("final;/") },
    begin: beginPartials,
  },
  aboutUpload({
    name: "append",
    strict: APPENDING,
    request: (upload) => to(upload, "PATCH", appendFields(upload), upload.next(400)),
  }),
  aboutUpload({
    name: "append of all the rest",
    strict: APPENDING,
    request: (upload) => to(upload, "PATCH", appendFields(upload), upload.next()),
  }),
  aboutUpload({
    name: "append of nothing",
    strict: APPENDING,
    request: (upload) => to(upload, "PATCH", { ...appendFields(upload), "content-length": "0" }),
  }),
  aboutUpload({
    name: "append with checksum",
    strict: { ...APPENDING, "upload-checksum": exactlyOrNone },
    request(upload) {
      const content = upload.next(400);
      return to(
        upload,
        "PATCH",
        { ...appendFields(upload), "upload-checksum": checksumOf(content) },
        content,
      );
    },
  }),
  aboutUpload({
    name: "append that tells the length",
    strict: { ...APPENDING, "upload-length": (value) => value === undefined || isSize(value, "") },
    lengthBytes: null,
    request(upload) {
      const fields = { ...appendFields(upload), "upload-length": String(WHOLE_BYTES) };
      return to(upload, "PATCH", fields, upload.next(400));
    },
  }),
  aboutUpload({
    name: "append by POST",
    strict: APPENDING,
    request(upload) {
      const fields = { ...appendFields(upload), "x-http-method-override": "PATCH" };
      return to(upload, "POST", fields, upload.next(400));
    },
  }),
  aboutUpload({
    name: "HEAD",
    strict: { "tus-resumable": exactlyOrNone },
    request: (upload) => to(upload, "HEAD", TUS),
  }),
  aboutUpload({
    name: "HEAD by POST",
    strict: { "tus-resumable": exactlyOrNone },
    request: (upload) => to(upload, "POST", { ...TUS, "x-http-method-override": "HEAD" }),
  }),
  aboutUpload({
    name: "DELETE",
    strict: { "tus-resumable": exactlyOrNone },
    request: (upload) => to(upload, "DELETE", TUS),
  }),
  aboutUpload({
    name: "DELETE by POST",
    strict: { "tus-resumable": exactlyOrNone },
    request: (upload) => to(upload, "POST", { ...TUS, "x-http-method-override": "DELETE" }),
  }),
];
