import { createRoot } from "react-dom/client";
import { CausewayProvider, type CausewayProviderProps } from "./provider.tsx";
import { FileUploader, type FileUploaderProps } from "./uploader/file-uploader.tsx";

export * from "../index.ts";

export interface MountedUploader {
  /** Takes the component off the page; uploads go on. */
  unmount(): void;
}

/** `FileUploader` for a page without React of its own. */
export function mountFileUploader(
  element: Element,
  options: Omit<CausewayProviderProps, "children"> & FileUploaderProps,
): MountedUploader {
  const root = createRoot(element);
  root.render(
    <CausewayProvider {...options}>
      <FileUploader {...options} />
    </CausewayProvider>,
  );
  return root;
}
