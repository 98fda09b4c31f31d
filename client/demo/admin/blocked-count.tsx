import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { useVisitor } from "../session/visitor.ts";
import { useTexts } from "../texts/use-texts.ts";
import { watchBlocked } from "./blocked-changes.ts";

/** Above it only that there are more. */
const MOST = 99;
/** What others' files come to isn't told to an admin. */
const LOOK_MS = 60_000;

/** How many versions wait for an admin, as it was last heard; 0 until it is known. */
function useBlockedCount(): number {
  const { client } = useVisitor();
  const [place] = useLocation();
  const [count, setCount] = useState(0);
  useEffect(() => {
    const life = new AbortController();
    const { signal } = life;
    const look = () => {
      if (document.visibilityState !== "visible") return;
      client.admin.quarantine.list({ limit: MOST + 1 }, { signal }).then(
        ({ items }) => setCount(items.length),
        // The menu is whole without it; the page itself says why.
        () => {},
      );
    };
    look();
    watchBlocked(look, signal);
    document.addEventListener("visibilitychange", look, { signal });
    const timer = setInterval(look, LOOK_MS);
    return () => {
      life.abort();
      clearInterval(timer);
    };
  }, [client, place]);
  return count;
}

/** How many versions are blocked, beside the menu's word for them. */
export function BlockedCount() {
  const { admin } = useTexts();
  const count = useBlockedCount();
  if (count === 0) return null;
  const words = count > MOST ? `${MOST}+` : String(count);
  return (
    <>
      <span className="navigation-count" aria-hidden="true">
        {words}
      </span>
      <span className="cw-hidden">{admin.quarantine.waiting(words)}</span>
    </>
  );
}
