import { useState } from "react";
import { useTexts } from "../use-client.ts";

/** A moment as it is told: today's time, or the day. What today is doesn't change while it is shown. */
export function Moment({ at }: { readonly at: string }) {
  const { common } = useTexts();
  const [nowMs] = useState(Date.now);
  return (
    <time dateTime={at}>
      <bdi>{common.moment(new Date(at), nowMs)}</bdi>
    </time>
  );
}
