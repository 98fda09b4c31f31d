import { createClient, createUploader } from "../../client/index.ts";
import type { Client, GetToken, Upload, Uploader } from "../../client/index.ts";

/** A page of somebody's CRM that uploads what is chosen on it: run by Chromium, not by the tests. */

export interface PageOptions {
  /** Of the API. */
  readonly endpoint: string;
  readonly tenantId: string;
  readonly token: string;
  readonly chunkSizeBytes?: number;
  /** In the place of the session. */
  readonly grant?: string;
}

/** What the page has, for tests to use. */
export interface UploadingPage {
  client: Client;
  uploads: Uploader;
  /** Of what was chosen last. */
  upload: Upload;
  token: string;
  /** Whether the server was refused a token, and another is asked for: it comes by `giveToken`. */
  isAskedForToken: boolean;
  giveToken: (token: string) => void;
  signIn(options: PageOptions): void;
}

const page = globalThis as unknown as UploadingPage;

const getToken: GetToken = ({ refresh }) => {
  if (!refresh) return page.token;
  page.isAskedForToken = true;
  return new Promise((resolve) => {
    page.giveToken = (token) => {
      page.isAskedForToken = false;
      page.token = token;
      resolve(token);
    };
  });
};

page.signIn = ({ endpoint, tenantId, token, grant, chunkSizeBytes }) => {
  page.token = token;
  page.isAskedForToken = false;
  const options = { chunkSizeBytes, retryBaseMs: 100 };
  page.client = createClient({ ...options, endpoint, tenantId, userId: "ann", getToken });
  page.uploads =
    grant === undefined
      ? page.client.uploads
      : createUploader({
          ...options,
          endpoint: `${endpoint}/v1/uploads`,
          getGrant: () => ({ token: grant }),
        });
};

const input = document.body.appendChild(document.createElement("input"));
input.type = "file";
input.addEventListener("change", () => {
  const [file] = input.files ?? [];
  if (file === undefined) return;
  page.upload = page.uploads.add(file);
  page.upload.start();
});
