import { once } from "node:events";
import { createServer } from "node:http";
import { build } from "vite";

const ROOT = new URL("../../", import.meta.url).pathname;
const ENTRY = "\0page";

export interface ServedPage {
  /** An origin of its own. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Bundles a module as a browser gets it. */
async function bundle(source: string): Promise<string> {
  const built = await build({
    root: ROOT,
    configFile: false,
    logLevel: "error",
    plugins: [
      {
        name: "page",
        resolveId: (id) => (id === ENTRY ? id : null),
        load: (id) => (id === ENTRY ? source : null),
      },
    ],
    build: { write: false, minify: false, modulePreload: false, rolldownOptions: { input: ENTRY } },
  });
  const outputs = Array.isArray(built) ? built : [built];
  const chunks = outputs.flatMap((each) => ("output" in each ? each.output : []));
  return chunks.flatMap((chunk) => (chunk.type === "chunk" ? [chunk.code] : [])).join("\n");
}

/** Serves a page with nothing on it but a module, of whose text packages and files of the project can be imported. */
export async function servePage(source: string): Promise<ServedPage> {
  const script = await bundle(source);
  const server = createServer((request, response) => {
    const isScript = request.url === "/page.js";
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(
      isScript ? script : '<!doctype html><title>CRM</title><script type="module" src="/page.js"></script>',
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The page has no port.");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
