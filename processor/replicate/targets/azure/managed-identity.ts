import type { DefaultAzureCredential } from "@azure/identity";

type GetToken = DefaultAzureCredential["getToken"];

/** Whoever the machine is, as Azure's SDK finds out. It is loaded when it is first asked: few need so large a library. */
export class ManagedIdentity {
  #credential: Promise<DefaultAzureCredential> | undefined;

  async getToken(...args: Parameters<GetToken>): ReturnType<GetToken> {
    this.#credential ??= import("@azure/identity").then((identity) => new identity.DefaultAzureCredential());
    return (await this.#credential).getToken(...args);
  }
}
