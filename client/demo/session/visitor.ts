import { createContext, use } from "react";
import type { Client } from "../../index.ts";
import type { CausewayProviderProps } from "../../react/index.ts";
import type { Identity } from "./identities.ts";

/** Who looks at the page, and with what. */
export interface Visitor {
  readonly identity: Identity;
  readonly client: Client;
  /** How components look and speak, for those that are given another client. */
  readonly provider: Omit<CausewayProviderProps, "client" | "children">;
}

export const VisitorContext = createContext<Visitor | undefined>(undefined);

export function useVisitor(): Visitor {
  const visitor = use(VisitorContext);
  if (visitor === undefined) throw new Error("Nobody is signed in here.");
  return visitor;
}
