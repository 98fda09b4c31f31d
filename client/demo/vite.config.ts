import { defineConfig } from "vite";
import { referenceScriptPlugin } from "./reference-script.ts";

/** `vite build client/demo`; `#contract/…` resolves by package.json "imports". */
export default defineConfig({
  build: { outDir: "../../dist/demo", emptyOutDir: true },
  plugins: [referenceScriptPlugin()],
});
