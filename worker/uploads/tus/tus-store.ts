import { DataStore, Upload as TusUpload } from "@tus/server";
import { AppError } from "#contract/errors.ts";
import type { Upload } from "../upload.ts";

/** One `Upload` as @tus/server's data store. Creation and writing go past it (tus-front-end.ts). */
export class TusStore extends DataStore {
  readonly #upload: Upload;
  override extensions = ["creation", "creation-with-upload", "termination"];

  constructor(upload: Upload) {
    super();
    this.#upload = upload;
  }

  override async create(upload: TusUpload): Promise<TusUpload> {
    return upload;
  }

  override async getUpload(id: string): Promise<TusUpload> {
    const { state, offsetBytes } = this.#upload;
    if (state === undefined || state.phase === "terminated" || state.phase === "expired") {
      throw new AppError("UPLOAD_NOT_FOUND");
    }
    const { lengthBytes } = state;
    return new TusUpload({
      id,
      offset: offsetBytes,
      ...(lengthBytes === null ? {} : { size: lengthBytes }),
      creation_date: new Date(state.createdAtMs).toISOString(),
    });
  }

  override async remove(): Promise<void> {
    await this.#upload.terminate();
  }
}
