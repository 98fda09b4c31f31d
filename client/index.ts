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
export { ApiError, type LocalProblemCode } from "./core/problem.ts";
export { memoryStorage, type UploadStorage } from "./core/storage.ts";
export type { UploadTotals } from "./core/totals.ts";
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
export type { Upload, UploadOptions } from "./core/upload.ts";
export { createUploader, type Uploader } from "./core/uploader.ts";
