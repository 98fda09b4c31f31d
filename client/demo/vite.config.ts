import { defineConfig } from "vite";
import { referenceScriptPlugin } from "./reference-script.ts";

/** `vite build client/demo`; `#contract/…` resolves by package.json "imports". */
export default defineConfig({
  build: {
    outDir: "../../dist/demo",
    emptyOutDir: true,
    rolldownOptions: {
      onLog(level, log, tell) {
        // Components say "use client" for frameworks that render on servers; this page has none.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") tell(level, log);
      },
    },
  },
  plugins: [referenceScriptPlugin()],
});
