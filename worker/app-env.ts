import type { Context } from "hono";
import type { UploadGrant } from "#contract/api.ts";
import type { Identity } from "#contract/ids.ts";
import type { TenantSettings } from "#contract/tenants.ts";
import type { Config } from "./config.ts";

/** What handlers find in their context. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    config: Config;
    requestId: string;
    /** Set by `authenticate`: only routes behind it read it. */
    identity: Identity;
    /** Set by `tenant`, which is behind every `authenticate`. */
    tenantSettings: TenantSettings;
    /** Set by `authenticateUpload` where the caller has a grant in the place of a session. */
    grant?: UploadGrant;
    /** Set by a route whose answer is good until then, where that may be less than a day. */
    isGoodUntilMs?: number;
    /** Set by `jsonBodies` where there is JSON: all of it. */
    jsonText?: string;
    /** Set by a plain upload whose bytes are stored: whatever fails behind it, there is a file. */
    isStored?: true;
  };
}

export type AppContext = Context<AppEnv>;
