import { useContext } from "react";
import type { CausewayClient } from "./client.ts";
import { Shared, type SharedValue } from "./shared.ts";
import type { Texts } from "./texts/texts.ts";

/** @throws Error outside of a `CausewayProvider` */
export function useShared(): SharedValue {
  const shared = useContext(Shared);
  if (shared === undefined) throw new Error("Causeway's components belong within a <CausewayProvider>.");
  return shared;
}

/** The provider's client. */
export function useClient(): CausewayClient {
  return useShared().client;
}

/** The provider's texts, for components of the host's own. */
export function useTexts(): Texts {
  return useShared().texts;
}
