import { waitUntil } from "cloudflare:workers";
import type { JWTHeaderParameters } from "jose";
import type { TokenConfig } from "../token-config.ts";
import { RemoteKeys } from "./remote-keys.ts";
import { TokenFault } from "./token-refusal.ts";

const importedKeys = new WeakMap<Uint8Array, Promise<CryptoKey>>();

/** Imported once per isolate: importing costs as much as verifying. */
function importSecret(secret: Uint8Array): Promise<CryptoKey> {
  const known = importedKeys.get(secret);
  if (known !== undefined) return known;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = crypto.subtle.importKey("raw", secret, algorithm, false, ["verify"]);
  importedKeys.set(secret, imported);
  return imported;
}

const remoteKeys = new WeakMap<TokenConfig, RemoteKeys>();

function remoteKeysOf(config: TokenConfig): RemoteKeys | undefined {
  if (config.jwks === undefined) return undefined;
  const known = remoteKeys.get(config);
  if (known !== undefined) return known;
  const created = new RemoteKeys(config.jwks, { nowMs: Date.now, keepAlive: waitUntil });
  remoteKeys.set(config, created);
  return created;
}

/**
 * The key that a token has to be signed with, by the algorithm it names and nothing else: the secret for HS256, one of
 * the published keys for any other. Whatever else its header has (`jwk`, `jku`, `x5c`) is the sender's own word.
 * Throws what `RemoteKeys.find` does.
 */
export async function keyFor(header: JWTHeaderParameters, config: TokenConfig): Promise<CryptoKey> {
  const { secret } = config;
  const key =
    header.alg === "HS256"
      ? secret && (await importSecret(secret))
      : await remoteKeysOf(config)?.find(header);
  if (key === undefined) throw new TokenFault("alg: there is no key for it");
  return key;
}
