import { createServer } from "node:http";
import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";
import { serve } from "../serve.ts";

/** `@tus/server` on Node as its documentation begins: files in a directory, named by `DIRECTORY`. */
const server = new Server({
  path: "/files",
  datastore: new FileStore({ directory: process.env["DIRECTORY"] ?? "" }),
});

serve(createServer((request, response) => void server.handle(request, response)));
