import { defineConfig } from "vite";

/** `vite build client/demo`; `#contract/…` resolves by package.json "imports". */
export default defineConfig({
  build: { outDir: "../../dist/demo", emptyOutDir: true },
});
