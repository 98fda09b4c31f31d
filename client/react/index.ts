export { UploadErrorBoundary, type UploadErrorBoundaryProps } from "./boundary/upload-error-boundary.tsx";
export type { CausewayClient } from "./client.ts";
export {
  type FileUploaderOptions,
  type FileUploaderState,
  useFileUploader,
} from "./hooks/use-file-uploader.ts";
export { type QuotaState, useQuota } from "./hooks/use-quota.ts";
export { useUpload, type UploadView } from "./hooks/use-upload.ts";
export { useUploads } from "./hooks/use-uploads.ts";
export { CausewayProvider, type CausewayProviderProps, type Language } from "./provider.tsx";
export { QuotaIndicator, type QuotaIndicatorProps } from "./quota/quota-indicator.tsx";
export type { Contrast, Theme } from "./shared.ts";
export { de } from "./texts/de.ts";
export { en } from "./texts/en.ts";
export type { TextChanges, Texts } from "./texts/texts.ts";
export { FileUploader, type FileUploaderProps } from "./uploader/file-uploader.tsx";
export { useClient, useTexts } from "./use-client.ts";
export { FileStatus } from "./files/file-status.tsx";
export { FileToolbar, type FileToolbarProps } from "./files/file-toolbar.tsx";
export type { ListedEntity } from "./files/listed-entities.ts";
export { FileFacts, type FileFactsProps } from "./preview/file-facts.tsx";
export { FileSharing, type FileSharingProps } from "./preview/file-sharing.tsx";
export { FileVersions, type FileVersionsProps } from "./preview/file-versions.tsx";
export { FileViewer, type FileViewerProps } from "./preview/file-viewer.tsx";
export { FileList, type FileListProps } from "./files/file-list.tsx";
export type { FilesState } from "./files/file-pages.ts";
export type { FileStore } from "./files/file-store.ts";
export type { FilesQuery } from "./files/files-api.ts";
export { type FilesView, useFiles } from "./files/use-files.ts";
export { type FileView, useFile } from "./files/use-file.ts";
export { FilePreview, type FilePreviewProps } from "./preview/file-preview.tsx";
export { type Person, ShareDialog, type ShareDialogProps } from "./share/share-dialog.tsx";
export { FileTimeline, type FileTimelineProps } from "./timeline/file-timeline.tsx";
