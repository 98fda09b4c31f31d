import type { FileVersionRef } from "#contract/ids.ts";
import { uploadObjectName } from "./upload-context.ts";
import type { UploadObject } from "./upload-object.ts";

/** Ends a version's upload if it is still under way. Whoever calls this has decided that it may be ended. */
export async function endUpload(
  uploads: DurableObjectNamespace<UploadObject>,
  ref: FileVersionRef,
): Promise<void> {
  await uploads.get(uploads.idFromName(uploadObjectName(ref))).abandon();
}
