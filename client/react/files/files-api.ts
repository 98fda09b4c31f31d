import type { FileListInput } from "#contract/inputs.ts";
import type { CausewayClient } from "../client.ts";

/** A query as it is asked: what isn't said is as the API has it. */
export type FilesQuery = Omit<FileListInput, "cursor" | "limit" | "tag" | "type">;

/** What a list of files needs of the client. Every call throws `ApiError`. */
export type FilesApi = Pick<CausewayClient["files"], "get" | "list" | "edit" | "change">;

export type SignUrls = CausewayClient["signedUrls"]["createSome"];
