import { readFileSync } from "node:fs";
import { WRANGLER_CONFIG } from "./bundle.ts";

function readCompatibility() {
  const config = readFileSync(WRANGLER_CONFIG, "utf8");
  const date = /^compatibility_date = "([\d-]+)"/m.exec(config)?.[1];
  const flags = /^compatibility_flags = (\[.*\])/m.exec(config)?.[1];
  if (date === undefined || flags === undefined) throw new Error("wrangler.toml has no compatibility.");
  return { compatibilityDate: date, compatibilityFlags: JSON.parse(flags) as string[] };
}

/** As which runtime wrangler.toml wants workerd to behave: the worker runs as that wherever it is started. */
export const COMPATIBILITY = readCompatibility();
