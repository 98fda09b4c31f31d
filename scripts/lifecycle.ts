import { parseArgs } from "node:util";
import { openBucket, readBucket } from "./doctor/bucket.ts";
import { applyRules, findDifferences, readRules, RULE_SETS, ruleSetFor } from "./lifecycle/rules.ts";

const USAGE = `Usage: npm run lifecycle -- apply|verify [--rules s3|r2]

Puts the rules of scripts/lifecycle/ into the bucket of the environment (S3_ENDPOINT, S3_REGION, S3_BUCKET,
S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY), or says what the bucket lacks of them. Rules whose names don't begin with
"causeway-" stay as they are. Ends with 0 where all are there, and with 1 where they aren't.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { rules: { type: "string" } },
    allowPositionals: true,
  });
  const [command] = positionals;
  if (positionals.length !== 1 || (command !== "apply" && command !== "verify")) throw new Error(USAGE);
  const config = readBucket(process.env);
  const set = RULE_SETS.find((name) => name === (values.rules ?? ruleSetFor(config.endpoint)));
  if (set === undefined) throw new Error(USAGE);
  const bucket = { client: openBucket(config), name: config.bucket };
  const rules = readRules(set);
  if (command === "apply") await applyRules(bucket, rules);
  const differences = await findDifferences(bucket, rules);
  for (const difference of differences) console.log(difference);
  if (differences.length === 0) console.log(`${rules.length} rules are as in scripts/lifecycle/${set}.json.`);
  return differences.length === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
