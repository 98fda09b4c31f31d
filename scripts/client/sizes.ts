import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { BROWSER } from "./package.ts";

/** What is measured, as a customer's page would import it, and the most that it may weigh in gzip's bytes. */
const MEASURED = [
  {
    name: "createUploader",
    limitBytes: 20_480,
    source: 'export { createUploader } from "./client/index.ts";',
    outside: [],
  },
  {
    name: "createClient, with every call of the API",
    limitBytes: 20_480,
    source: 'export { createClient } from "./client/index.ts";',
    outside: [],
  },
  {
    name: "FileUploader with all styles, beside React and the client",
    limitBytes: 46_080,
    source: 'export { CausewayProvider, FileUploader } from "./client/react/index.ts";',
    outside: ["react", "react-dom", "react/jsx-runtime"],
    styles: true,
  },
] as const;

export interface MeasuredSize {
  readonly name: string;
  readonly gzipBytes: number;
  readonly limitBytes: number;
}

async function weigh(root: string, contents: string, loader: "ts" | "css", outside: readonly string[]) {
  const result = await build({
    ...BROWSER,
    stdin: { contents, loader, resolveDir: root },
    external: [...outside],
    minify: true,
    write: false,
  });
  return result.outputFiles.reduce((bytes, file) => bytes + gzipSync(file.contents, { level: 9 }).length, 0);
}

/** What parts of the client weigh once minified and compressed, as `npm run build` prints it and a test holds it. */
export function measureSizes(root: string): Promise<readonly MeasuredSize[]> {
  return Promise.all(
    MEASURED.map(async (part) => {
      const script = await weigh(root, part.source, "ts", part.outside);
      const styles =
        "styles" in part ? await weigh(root, '@import "./client/styles/index.css";', "css", []) : 0;
      return { name: part.name, gzipBytes: script + styles, limitBytes: part.limitBytes };
    }),
  );
}

export function describeSize({ name, gzipBytes, limitBytes }: MeasuredSize): string {
  const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} kB`;
  return `${name}: ${kilobytes(gzipBytes)} gzip, of ${kilobytes(limitBytes)}`;
}
