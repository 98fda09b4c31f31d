import fastifyApiReference from "@scalar/fastify-api-reference";
import type { Plugin } from "vite";

/**
 * The script that draws `/docs`, as an asset. Scalar's Fastify plugin is the one of its packages that carries the built
 * script: the script's own package depends on what it is built of, 180 packages and 287 MB. So the plugin is shown to
 * something that only keeps the routes it is given, and the one that answers with the script is asked for it.
 */

interface Reply {
  header(name: string, value: string): Reply;
  send(content: string): string;
}

interface Route {
  readonly url: string;
  handler(request: unknown, reply: Reply): string;
}

const REPLY: Reply = { header: () => REPLY, send: (content) => content };

/** The script's text. Throws where the plugin has no such route any more. */
export function referenceScript(): string {
  const routes: Route[] = [];
  const recorder = { route: (route: Route) => routes.push(route), initialConfig: {} };
  const plugin = fastifyApiReference as unknown as (
    fastify: typeof recorder,
    options: { readonly configuration: { readonly url: string } },
    done: () => void,
  ) => void;
  plugin(recorder, { configuration: { url: "/openapi.json" } }, () => {});
  const route = routes.find(({ url }) => url.endsWith(".js"));
  if (route === undefined) throw new Error("Scalar's plugin has no route for its script.");
  // The map that its last line names isn't there.
  return route.handler({}, REPLY).replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
}

/** Puts the script at `/docs/scalar.js`. */
export function referenceScriptPlugin(): Plugin {
  return {
    name: "causeway-reference-script",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "docs/scalar.js", source: referenceScript() });
    },
  };
}
