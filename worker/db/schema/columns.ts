import { text } from "drizzle-orm/sqlite-core";
import type { FileId, TenantId } from "../../contract/ids.ts";

/** The columns that most tables begin with. */
export const tenantId = () => text("tenant_id").$type<TenantId>().notNull();
export const fileId = () => text("file_id").$type<FileId>().notNull();
