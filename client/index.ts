export type { SignedUrlInput as SignItem } from "#contract/inputs.ts";
export type * from "./api-types.ts";
export { ApiError, type ApiProblem, type LocalProblemCode } from "./core/problem.ts";
export type { ContentOptions } from "./core/api/content.ts";
export type { StoredFile } from "./core/api/files.ts";
export type { Groups } from "./core/api/groups.ts";
export type { PlainFile } from "./core/api/plain-upload.ts";
export { isSettled, type WatchOptions } from "./core/api/poll.ts";
export { cachedToken, type ExpiringToken } from "./core/cached-token.ts";
export { type Client, type ClientOptions, createClient } from "./core/client.ts";
export type { Connection } from "./core/connection.ts";
export { createFilesClient, type FilesClient, type FilesClientOptions } from "./core/files.ts";
export type { GetGrant, Grant, RenewGrant } from "./core/grants.ts";
export { handleOf, type PickedFile, pickFiles } from "./core/handles.ts";
export type { ApiOptions, CallOptions } from "./core/http.ts";
export { memoryStorage, type UploadStorage } from "./core/storage.ts";
export type { UploadTotals } from "./core/totals.ts";
export {
  createLive,
  type Live,
  type LiveEvent,
  type LiveOptions,
  type LiveReset,
  type LiveState,
  type LiveWaiter,
} from "./core/live.ts";
export type {
  GetToken,
  GrantOptions,
  PreviousMatch,
  RefusedFile,
  RemoteUpload,
  SessionOptions,
  UnfinishedUpload,
  UploaderOptions,
  UploadMeta,
  UploadProgress,
  UploadState,
} from "./core/types.ts";
export type { Upload, UploadOptions } from "./core/upload.ts";
export { createUploader, type Uploader } from "./core/uploader.ts";
