import { readBucket } from "./doctor/bucket.ts";
import { examineStore } from "./doctor/store.ts";

const USAGE = `Usage: npm run doctor -- store

Tries everything that uploads and downloads rely on in the bucket of the environment (S3_ENDPOINT, S3_REGION, S3_BUCKET,
S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY), R2's too, under doctor/, and removes it again. Ends with 1 where the store is
nothing for the product.`;

const NAME_WIDTH = 36;
const LEVEL_WIDTH = 13;

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.length !== 1 || args[0] !== "store") throw new Error(USAGE);
  const config = readBucket(process.env);
  console.log(`${config.endpoint}, bucket ${config.bucket}\n`);
  const all = await examineStore(config, ({ name, finding: { level, seen } }) =>
    console.log(`${name.padEnd(NAME_WIDTH)}${level.padEnd(LEVEL_WIDTH)}${seen}`),
  );
  const bad = all.filter(({ finding }) => finding.level === "don't use");
  console.log(bad.length === 0 ? "\nIt can be used." : `\nDon't use it: ${bad.length} of ${all.length}.`);
  return bad.length === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
