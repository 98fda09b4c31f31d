export type { Connection } from "./core/connection.ts";
export {
  type CallOptions,
  createFilesClient,
  type FilesClient,
  type FilesClientOptions,
  isSettled,
  type SignedUrl,
  type SignItem,
  type WatchOptions,
} from "./core/files.ts";
export type { GetGrant, Grant, RenewGrant } from "./core/grants.ts";
export {
  createLive,
  type Live,
  type LiveEvent,
  type LiveOptions,
  type LiveReset,
  type LiveState,
  type LiveWaiter,
} from "./core/live.ts";
export { ApiError, type LocalProblemCode } from "./core/problem.ts";
export type {
  GetToken,
  GrantOptions,
  SessionOptions,
  UnfinishedUpload,
  UploaderOptions,
  UploadMeta,
  UploadProgress,
  UploadState,
} from "./core/types.ts";
export type { Upload } from "./core/upload.ts";
export { createUploader, type Uploader } from "./core/uploader.ts";
