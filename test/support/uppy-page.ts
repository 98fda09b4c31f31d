import type { Body, Meta } from "@uppy/core";
import Uppy from "@uppy/core";
import Tus from "@uppy/tus";
import XHRUpload from "@uppy/xhr-upload";

/** A page of somebody's CRM with Uppy: run by Chromium, not by the tests. */

export interface ChosenFile {
  readonly name: string;
  readonly type: string;
  readonly text: string;
}

export interface UppyOutcome {
  readonly uploadUrls: readonly (string | undefined)[];
  readonly errors: readonly (string | null | undefined)[];
}

/** Uploads files by a plugin at its defaults, but for where to and as whom. */
export type UploadByUppy = (
  plugin: "Tus" | "XHRUpload",
  endpoint: string,
  token: string,
  files: readonly ChosenFile[],
) => Promise<UppyOutcome>;

const uploadByUppy: UploadByUppy = async (plugin, endpoint, token, files) => {
  const uppy = new Uppy<Meta, Body>();
  const options = { endpoint, headers: { Authorization: `Bearer ${token}` } };
  if (plugin === "Tus") uppy.use(Tus, options);
  else uppy.use(XHRUpload, options);
  for (const { name, type, text } of files) uppy.addFile({ name, type, data: new Blob([text], { type }) });
  const { successful = [], failed = [] } = (await uppy.upload()) ?? {};
  return {
    uploadUrls: successful.map(({ uploadURL }) => uploadURL),
    errors: failed.map(({ error }) => error),
  };
};

Object.assign(globalThis, { uploadByUppy });
