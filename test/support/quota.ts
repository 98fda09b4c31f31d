import type { Quota } from "#contract/quota.ts";
import type { Caller } from "./api.ts";

/** What a caller's tenant is told of its quota. */
export async function quotaOf(caller: Caller): Promise<Quota> {
  const answer = await caller.fetch("/v1/quota");
  if (answer.status !== 200) throw new Error(`The quota answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Quota;
}
