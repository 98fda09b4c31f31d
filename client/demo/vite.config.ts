import { defineConfig } from "vite";
import { referenceScriptPlugin } from "./reference-script.ts";

/** `vite build client/demo`; `#contract/…` resolves by package.json "imports". */
export default defineConfig({
  build: {
    outDir: "../../dist/demo",
    emptyOutDir: true,
    // For older ones `:dir()` would become a list of languages: a page's direction is its own, whatever its language.
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    rolldownOptions: {
      onLog(level, log, tell) {
        // Components say "use client" for frameworks that render on servers; this page has none.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") tell(level, log);
      },
    },
  },
  plugins: [referenceScriptPlugin()],
});
