import { type Client, createClient, type GetToken } from "../../index.ts";
import { chunkBytesOf, type Line } from "../line/line.ts";
import { devTokens, NoDevTokens } from "./dev-tokens.ts";
import type { Identity } from "./identities.ts";

/** Somebody who is signed in, and their client. */
export interface Session {
  readonly identity: Identity;
  readonly client: Client;
  /** Whether the visitor has to bring a token; a connection that fails shows where it matters. */
  readonly needsToken: Promise<boolean>;
  /** Uses a token that the visitor pasted, until the page is left. */
  useToken(token: string): void;
  /** Ends what goes on for them; what was sent is kept. */
  end(): void;
}

async function isRefused(getToken: GetToken): Promise<boolean> {
  try {
    await getToken({ refresh: false });
    return false;
  } catch (error) {
    return error instanceof NoDevTokens;
  }
}

/** Signs somebody in. Nothing is asked of the server for their files before something is shown. */
export function openSession(identity: Identity, line: Line): Session {
  const tokens = devTokens(identity);
  let pasted: string | undefined;
  const getToken: GetToken = (options) => pasted ?? tokens(options);
  const client = createClient({
    endpoint: "",
    getToken,
    tenantId: identity.tenant,
    userId: identity.user,
    connection: line.connection,
    chunkSizeBytes: () => chunkBytesOf(line.quality),
  });
  return {
    identity,
    client,
    needsToken: isRefused(getToken),
    useToken(token) {
      pasted = token;
    },
    end: () => client.uploads.dispose(),
  };
}
