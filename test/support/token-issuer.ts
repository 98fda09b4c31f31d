import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { JWK } from "jose";
import { exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from "jose";
import { newTenantId } from "./api.ts";

/** What the issuer's key set answers. */
export type Behaviour = "answers" | "fails" | "holds" | "stalls" | "moved" | "oversize";

export type Algorithm = "RS256" | "ES256" | "EdDSA";

export interface IssuedToken {
  readonly kid?: string | undefined;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** Claims of a token that is accepted. */
export function goodClaims(change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const who = { tenant: newTenantId(), sub: "ann", role: "member" };
  return { iss: "causeway", aud: "causeway", exp, ...who, ...change };
}

interface IssuerKey {
  readonly alg: Algorithm;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

const MORE_THAN_ALLOWED = 256 * 1024 + 1;

/** Somebody else's identity provider, on loopback: it signs tokens and publishes its keys. */
export class TokenIssuer {
  readonly url: string;
  behaviour: Behaviour = "answers";
  /** How often its keys were asked for, and when last. */
  fetches = 0;
  fetchedAtMs = 0;
  #held: ServerResponse[] = [];
  readonly #keys = new Map<string, IssuerKey>();
  readonly #published = new Set<string>();
  readonly #server;

  private constructor(server: ReturnType<typeof createServer>, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(): Promise<TokenIssuer> {
    const server = createServer((request, response) => issuer.#answer(request, response));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const issuer: TokenIssuer = new TokenIssuer(server, `http://127.0.0.1:${address.port}/jwks.json`);
    return issuer;
  }

  /** Makes a key, and publishes it unless told otherwise. */
  async addKey(
    kid: string,
    alg: Algorithm = "RS256",
    options: { published?: boolean; saysAlgorithm?: boolean } = {},
  ): Promise<void> {
    const pair = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(pair.publicKey)), kid, use: "sig" };
    if (options.saysAlgorithm !== false) Object.assign(jwk, { alg });
    this.#keys.set(kid, { alg, ...pair, jwk });
    if (options.published !== false) this.publish(kid);
  }

  publish(kid: string): void {
    this.#published.add(kid);
  }

  withdraw(kid: string): void {
    this.#published.delete(kid);
  }

  /** A public key as PEM text: what an attacker can read too. */
  publicPem(kid: string): Promise<string> {
    return exportSPKI(this.#key(kid).publicKey);
  }

  /** A token by a key. `kid` in what is said of the token is what its header says, not the key that signs. */
  sign(keyId: string, token: IssuedToken = {}): Promise<string> {
    const { alg, privateKey } = this.#key(keyId);
    const kid = "kid" in token ? token.kid : keyId;
    return new SignJWT(goodClaims(token.claims))
      .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }), ...token.header })
      .sign(privateKey);
  }

  /** A token by a key's bytes, with another algorithm than they were made for. */
  async signAs(keyId: string, alg: string): Promise<string> {
    const bytes = await exportJWK(this.#key(keyId).privateKey);
    const header = { alg, kid: keyId };
    return new SignJWT(goodClaims()).setProtectedHeader(header).sign(await importJWK(bytes, alg));
  }

  /** Answers what it held. */
  release(): void {
    for (const response of this.#held.splice(0)) response.end(this.#keySet());
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #key(kid: string): IssuerKey {
    const key = this.#keys.get(kid);
    if (key === undefined) throw new Error(`There is no key ${kid}.`);
    return key;
  }

  #answer({ url }: IncomingMessage, response: ServerResponse): void {
    this.fetches += 1;
    this.fetchedAtMs = Date.now();
    switch (this.behaviour) {
      case "answers":
        return void response.end(this.#keySet());
      case "fails":
        return void response.writeHead(500).end(this.#keySet());
      case "moved":
        if (url?.endsWith("?there")) return void response.end(this.#keySet());
        return void response.writeHead(302, { Location: `${this.url}?there` }).end();
      case "oversize":
        return void response.end(this.#keySet("x".repeat(MORE_THAN_ALLOWED)));
      case "stalls":
        return void response.write('{"keys":[');
      case "holds":
        this.#held.push(response);
    }
  }

  #keySet(padding = ""): string {
    return JSON.stringify({ keys: [...this.#published].map((kid) => this.#key(kid).jwk), padding });
  }
}
