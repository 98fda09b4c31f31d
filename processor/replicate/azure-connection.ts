import { BlobServiceClient } from "@azure/storage-blob";
import { z } from "zod";
import { ServiceUrl } from "../service-url.ts";

/** An account's, without its signature. Throws where it is no connection string. */
export function connectionUrl(connectionString: string): string {
  const url = new URL(BlobServiceClient.fromConnectionString(connectionString).url);
  url.search = "";
  return url.href;
}

/** What names an account and opens it: files are sent there as to any other service, so nobody may read along. */
export const ConnectionString = z.string().superRefine((text, context) => {
  // What stands for the whole account then would be anybody's.
  if (/DevelopmentStorageProxyUri=/i.test(text)) context.addIssue("has a proxy, and may have none");
  let url: string;
  try {
    url = connectionUrl(text);
  } catch {
    context.addIssue("is no connection string");
    return;
  }
  if (!ServiceUrl.safeParse(url).success) context.addIssue("has an endpoint that isn't https");
});
