import { randomInt } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { fileIdOf, newCaller, newTenantId } from "../support/api.ts";
import { useFaultyStack } from "../support/faulty/stack.ts";
import { Bystanders } from "../support/mutations/bystanders.ts";
import { Campaign } from "../support/mutations/campaign.ts";
import { credentialMutations, isAboutOne, strangerMutations } from "../support/mutations/credentials.ts";
import type { Case } from "../support/mutations/deck.ts";
import { casesOf, deal, nameOf } from "../support/mutations/deck.ts";
import { exchange } from "../support/mutations/exchange.ts";
import { FILE_KINDS } from "../support/mutations/file-kinds.ts";
import { IETF_KINDS } from "../support/mutations/ietf-kinds.ts";
import type { RequestKind, World } from "../support/mutations/subject.ts";
import { succeeded } from "../support/mutations/subject.ts";
import { TUS_KINDS } from "../support/mutations/tus-kinds.ts";
import { about, told } from "../support/mutations/twins.ts";
import type { WireRequest } from "../support/mutations/wire-request.ts";
import { runs, timeLimitMs } from "../support/runs.ts";

/**
 * Valid requests of every kind, each with one thing changed, against the worker itself: whatever comes, it answers, says
 * why not, and harms no upload. What is sent and what may be answered is in `support/mutations`.
 */

const REQUESTS = runs(150, 10_000);
const TWINS = runs(40, 1_500);
/** After so many the uploads beside them are looked at. */
const BATCH = 100;
/** Decides which changes are made and in which order. A failure names it; set it to make the same requests again. */
const SEED = Number(process.env["CAUSEWAY_SEED"] ?? randomInt(2 ** 31));
const REPORT_SECRET = "mutated-requests-mutated-requests-mutated";
const UNKNOWN_ID = "0".repeat(26);

const KINDS: readonly RequestKind[] = [...TUS_KINDS, ...IETF_KINDS, ...FILE_KINDS];

// A request that says it is for another host is one of the mutations.
const stack = useFaultyStack({ REPORT_SECRET, PUBLIC_ORIGIN: "http://127.0.0.1" });
let world: World;
let bystanders: Bystanders;
let cases: readonly Case[];
const validRequests = new Map<RequestKind, WireRequest>();

beforeAll(async () => {
  world = { stack, url: new URL(stack.url), tenantId: newTenantId(), reportSecret: REPORT_SECRET };
  bystanders = await Bystanders.begin(world, REQUESTS / BATCH + 1);
  for (const kind of KINDS) validRequests.set(kind, (await kind.begin(world)).request());
  const special = await specialMutations();
  cases = [...validRequests].flatMap(([kind, valid]) => casesOf(kind, valid, special));
});

async function specialMutations() {
  const { otherTenants, otherUsers, live } = bystanders;
  const anotherUser = await newCaller({ stack, tenantId: world.tenantId, user: "somebody" });
  const anotherTenant = await newCaller({ stack, role: "admin" });
  return {
    credentials: await credentialMutations(world.tenantId, stack.jwtSecret),
    strangers: strangerMutations({
      callers: { "another user": anotherUser, "another tenant's admin": anotherTenant },
      ids: {
        "of another tenant": fileIdOf(otherTenants.location),
        "of another user": fileIdOf(otherUsers.location),
        "that nobody has": UNKNOWN_ID,
      },
      liveId: fileIdOf(live.location),
    }),
  };
}

test.each(KINDS.map((kind) => [kind.name, kind] as const))(
  "%s: unchanged, it succeeds",
  async (_name, kind) => {
    const subject = await kind.begin(world);
    const sent = subject.request();
    const outcome = await exchange(world.url, sent);
    expect(succeeded(outcome), JSON.stringify(told(outcome))).toBe(true);
    await subject.settle(sent, outcome);
  },
);

test(
  `requests with one thing changed are answered, and refused by a code, and harm nothing (${REQUESTS})`,
  async () => {
    const campaign = new Campaign(world);
    const dealt = deal(cases, SEED, REQUESTS);
    expect(dealt).toHaveLength(REQUESTS);
    for (let at = 0; at < dealt.length; at += BATCH) {
      // What was stored for the batch before isn't looked at any more.
      await stack.control({ reset: true });
      await campaign.run(dealt.slice(at, at + BATCH));
      await bystanders.goOn();
    }
    await bystanders.finish();
    expect(campaign.faults, `seed ${SEED}: CAUSEWAY_SEED=${SEED} makes the same requests`).toEqual([]);
  },
  timeLimitMs(60, REQUESTS),
);

test(
  `what another tenant or user has is answered as what nobody has, however it is asked for (${TWINS})`,
  async () => {
    const ids = [
      UNKNOWN_ID,
      fileIdOf(bystanders.otherTenants.location),
      fileIdOf(bystanders.otherUsers.location),
    ];
    const dealt = deal(cases.filter(isComparable), SEED, TWINS);
    for (const each of dealt) {
      const changed = each.mutation.apply(validOf(each));
      const outcomes = await Promise.all(ids.map((id) => exchange(world.url, about(changed, id))));
      const [nobodys, ...others] = outcomes.map(told);
      for (const other of others) expect(other, `seed ${SEED}; ${nameOf(each)}`).toEqual(nobodys);
    }
  },
  timeLimitMs(60, TWINS),
);

function validOf({ kind }: Case): WireRequest {
  const valid = validRequests.get(kind);
  if (valid === undefined) throw new Error(`${kind.name} has no request.`);
  return valid;
}

/** Cases that leave the id, and the signature over it, alone. */
function isComparable(each: Case): boolean {
  return isAboutOne(validOf(each)) && !["id", "stranger", "path"].includes(each.mutation.part);
}
