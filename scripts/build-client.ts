import { join } from "node:path";
import { buildPackage } from "./client/package.ts";
import { describeSize, measureSizes } from "./client/sizes.ts";

const root = join(import.meta.dirname, "..");
const OUT = "dist/client";

await buildPackage(root, join(root, OUT));
console.log(`The client's package is in ${OUT}.`);
for (const size of await measureSizes(root)) console.log(`  ${describeSize(size)}`);
