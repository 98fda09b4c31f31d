import type { ErrorCode } from "#contract/errors.ts";
import { newCaller } from "../api.ts";
import type { Ask, Scene, Told } from "./scene.ts";
import { aboutMissing, bearing, toldBy } from "./scene.ts";

/** What makes a good request one that is refused: it changes the scene, or the request, or sends another by itself. */
export type Refusal = (scene: Scene, good: Ask) => Ask | Told | Promise<Ask | Told>;
export type Refusals = Readonly<Partial<Record<ErrorCode, Refusal>>>;

export interface OperationCase {
  /** A request that succeeds in this scene. */
  readonly good: (scene: Scene) => Ask | Promise<Ask>;
  readonly refusals: Refusals;
}

/** By the operation's name, as the document has it. */
export type RefusalTable = Readonly<Record<string, OperationCase>>;

/** One more than the strict stack lets anybody ask in three of its periods, which begin with the clock: three in each. */
const TOO_MANY = 10;

/** The same request to the strict stack, by somebody new, until it is too often. */
async function askTooOften(
  { strict }: Scene,
  { method, path, headers = {}, body = null }: Ask,
): Promise<Told> {
  const caller = await newCaller({ role: "admin", stack: strict });
  for (let asked = 0; asked < TOO_MANY; asked += 1) {
    const answer = await caller.fetch(path, { method, headers: { ...headers }, body });
    if (answer.status === 429) return toldBy(answer);
    await answer.body?.cancel();
  }
  throw new Error("Nobody was told that it was too often.");
}

/** A token whose key is in the set that can't be had. */
export async function askWithUnknownKey(scene: Scene, good: Ask): Promise<Told> {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = `${encode({ alg: "RS256", kid: "there" })}.${encode({ exp: 4_000_000_000 })}.${encode({})}`;
  const { method, path, headers = {}, body = null } = good;
  const stranger = bearing(scene.strict, scene.ann, token);
  return toldBy(await stranger.fetch(path, { method, headers: { ...headers }, body }));
}

export async function breakDatabase(scene: Scene, good: Ask): Promise<Ask> {
  await scene.breakDatabase();
  return good;
}

export async function breakReading(scene: Scene, good: Ask): Promise<Ask> {
  await scene.breakStore("get");
  return good;
}

/** Of whatever takes a token. */
export const TOKEN = {
  TOKEN_MISSING: (_scene, good) => ({ ...good, by: undefined }),
  TOKEN_INVALID: (scene, good) => ({ ...good, by: scene.bearing("not.a.token") }),
  TOKEN_EXPIRED: async (scene, good) => ({ ...good, by: await scene.expiredToken() }),
} as const satisfies Refusals;

async function beginErasure(scene: Scene, good: Ask): Promise<Ask> {
  await scene.beginErasure();
  return good;
}

export const ERASING = { TENANT_ERASING: beginErasure } as const satisfies Refusals;

const LIMITED = {
  ...TOKEN,
  RATE_LIMITED: askTooOften,
  SERVICE_UNAVAILABLE: breakDatabase,
} as const satisfies Refusals;

/** By whoever has a grant for another place. The scene's tenant may be erasing, and mint none. */
const MISPLACED = {
  GRANT_SCOPE: async (scene, good) => ({ ...good, by: (await scene.mintGrant({}, scene.operator)).by }),
} as const satisfies Refusals;

/** Of whatever takes a session, and is for admins too while their tenant is being erased. */
export const ADMIN = { ...LIMITED, ...MISPLACED } as const satisfies Refusals;

export const SESSION = { ...ADMIN, ...ERASING } as const satisfies Refusals;

/** Of whatever takes grants of both kinds in the place of a session. */
export const GRANTED = { ...LIMITED, ...ERASING } as const satisfies Refusals;

export const MISSING_FILE = { FILE_NOT_FOUND: aboutMissing } as const satisfies Refusals;

export const VIEWED = {
  ...MISSING_FILE,
  PERMISSION_REQUIRED: async (scene, good) => {
    await scene.letBobView();
    return { ...good, by: scene.bob };
  },
} as const satisfies Refusals;

/** Of what is done with a file that the caller knows of. */
export const FILE = { ...SESSION, ...VIEWED } as const satisfies Refusals;

export const IN_TRASH = {
  FILE_IN_TRASH: async (scene, good) => {
    await scene.putIntoTrash();
    return good;
  },
} as const satisfies Refusals;

/** A request after the file has come into a state. */
export function inState(state: string): Refusal {
  return async (scene, good) => {
    await scene.setState(state);
    return good;
  };
}

export const NOT_CLEAN = {
  FILE_NOT_READY: inState("quarantined"),
  FILE_BLOCKED: inState("infected"),
} as const satisfies Refusals;

export const RANGE = {
  RANGE_NOT_SATISFIABLE: (_scene, good) => ({ ...good, headers: { range: "bytes=1000-" } }),
} as const satisfies Refusals;

/** A query parameter of its own for one that is there already. */
export function withQuery(query: string): Refusal {
  return (_scene, good) => ({ ...good, path: `${good.path}${good.path.includes("?") ? "&" : "?"}${query}` });
}

export function withBody(body: string): Refusal {
  return (_scene, good) => ({ ...good, body });
}

export const JSON_CONTENT = { "content-type": "application/json" } as const;

/** A request with JSON in it. */
export function json(by: Ask["by"], method: string, path: string, body: object = {}): Ask {
  return { by, method, path, headers: JSON_CONTENT, body: JSON.stringify(body) };
}

/** More than is read of anything that isn't a file. */
const FAR_TOO_MUCH = JSON.stringify("x".repeat(300 * 1024));

export const TOO_MUCH = { BODY_TOO_LARGE: withBody(FAR_TOO_MUCH) } as const satisfies Refusals;

/** Of whatever takes JSON, whatever is in it. */
export const JSON_BODY = {
  ...TOO_MUCH,
  CONTENT_TYPE_INVALID: (_scene, good) => ({ ...good, headers: { "content-type": "text/plain" } }),
} as const satisfies Refusals;

export const BODY = { REQUEST_INVALID: withBody("{"), ...JSON_BODY } as const satisfies Refusals;

export const byMember: Refusal = (scene, good) => ({ ...good, by: scene.ann });
