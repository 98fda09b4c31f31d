import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { findTokenProblems, TokenVariables } from "../../worker/token-config.ts";

/** As wrangler.toml has them. */
const DEFAULTS = { JWT_ISSUER: "causeway", JWT_AUDIENCE: "causeway" };

/** What a local stack was told of its issuer: the variables of worker/token-config.ts, those that were set. */
const TokenSettings = z.record(z.string(), z.string());
export type TokenSettings = Readonly<z.infer<typeof TokenSettings>>;

/** Of the environment of `npm start`. Set to nothing, `JWT_SECRET` means that there is none. */
export function readTokenSettings(env: NodeJS.ProcessEnv): TokenSettings {
  const names = Object.keys(TokenVariables.shape);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = env[name];
      return value === undefined || (value === "" && name !== "JWT_SECRET") ? [] : [[name, value]];
    }),
  );
}

/** Throws one Error that names every bad variable and no value. */
export function parseTokenVariables(settings: TokenSettings): z.infer<typeof TokenVariables> {
  const given = Object.fromEntries(
    Object.entries({ ...DEFAULTS, ...settings }).filter(([, value]) => value !== ""),
  );
  const parsed = TokenVariables.safeParse(given);
  const problems = [
    ...(parsed.error?.issues ?? []).map(({ path: [name], message }) => `${String(name)}: ${message}`),
    ...findTokenProblems(given),
  ];
  if (parsed.data !== undefined && problems.length === 0) return parsed.data;
  throw new Error(problems.join("\n"));
}

/**
 * A sentence where the stack was told of an issuer's keys and not what the tokens of that issuer say: what they have to say
 * then. Undefined where there is nothing to say.
 */
export function describeUntoldClaims(settings: TokenSettings): string | undefined {
  if (!settings["JWT_JWKS_URL"] && !settings["JWT_SECRET"]) return undefined;
  const untold = (["JWT_ISSUER", "JWT_AUDIENCE"] as const).filter((name) => settings[name] === undefined);
  if (untold.length === 0) return undefined;
  const wanted = untold.map((name) => `${name === "JWT_ISSUER" ? "iss" : "aud"} "${DEFAULTS[name]}"`);
  const verb = untold.length === 1 ? "isn't" : "aren't";
  return `${untold.join(" and ")} ${verb} set: a token has to have ${wanted.join(" and ")}, or it is refused.`;
}

const fileOf = (stateDirectory: string): string => join(stateDirectory, "token-settings.json");

/** For `npm run token`, which is started from elsewhere. */
export function keepTokenSettings(stateDirectory: string, settings: TokenSettings): void {
  mkdirSync(stateDirectory, { recursive: true });
  writeFileSync(fileOf(stateDirectory), JSON.stringify(settings), { mode: 0o600 });
}

/** None where no stack has run on that state. */
export function keptTokenSettings(stateDirectory: string): TokenSettings {
  try {
    return TokenSettings.parse(JSON.parse(readFileSync(fileOf(stateDirectory), "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}
