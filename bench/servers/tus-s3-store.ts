import { createServer } from "node:http";
import { S3Store } from "@tus/s3-store";
import { Server } from "@tus/server";
import { serve } from "../serve.ts";

/** `@tus/server` on Node with its S3 store as it comes, over the S3 at `S3_ENDPOINT`. */
const server = new Server({
  path: "/files",
  datastore: new S3Store({
    partSize: 8 * 1024 * 1024,
    s3ClientConfig: {
      bucket: "bench",
      region: "us-east-1",
      endpoint: process.env["S3_ENDPOINT"] ?? "",
      forcePathStyle: true,
      credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
    },
  }),
});

serve(createServer((request, response) => void server.handle(request, response)));
