import type { Context } from "hono";
import type { Identity } from "#contract/ids.ts";
import type { Config } from "./config.ts";

/** What handlers find in their context. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    config: Config;
    requestId: string;
    /** Set by `authenticate`: only routes behind it read it. */
    identity: Identity;
  };
}

export type AppContext = Context<AppEnv>;
