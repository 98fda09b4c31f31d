import { useState } from "react";
import type { Line } from "../line/line.ts";
import { type Identity, identityOf, keyOf } from "./identities.ts";
import { openSession, type Session } from "./session.ts";

const KEY = "causeway-demo-identity";

/** Who is signed in in this tab, and how somebody else is. */
export function useSession(line: Line): readonly [Session, (identity: Identity) => void] {
  const [session, setSession] = useState(() => openSession(identityOf(sessionStorage.getItem(KEY)), line));
  const signIn = (identity: Identity) => {
    session.end();
    sessionStorage.setItem(KEY, keyOf(identity));
    setSession(openSession(identity, line));
  };
  return [session, signIn];
}
