import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { sharedStack } from "../support/api.ts";
import { AnswerCheck, readAnswer } from "../support/open-api/answers.ts";
import type { ApiDocument } from "../support/open-api/document.ts";
import { fetchDocument, nameOf } from "../support/open-api/document.ts";
import type { PlannedRequest } from "../support/open-api/requests.ts";
import { initOf, RequestPlans } from "../support/open-api/requests.ts";
import { FuzzWorld } from "../support/open-api/world.ts";
import { runs, timeLimitMs } from "../support/runs.ts";

/** The document decides what is asked, mostly rightly, and what may be answered. */

const REQUESTS = runs(200, 20_000);
const REFILL_EVERY = 40;
const ODD_PERCENT = 3;

let document: ApiDocument;

beforeAll(async () => {
  document = await fetchDocument(sharedStack().url);
});

test(
  `whatever is asked, nothing goes wrong, and every answer is as documented (${REQUESTS})`,
  async () => {
    const world = await FuzzWorld.begin(sharedStack());
    const check = new AnswerCheck(document);
    const plans = new RequestPlans(document, world.hints, ODD_PERCENT);
    const faults = new Map<string, string>();
    let sent = 0;
    const send = async (planned: PlannedRequest, caller: number): Promise<void> => {
      if (sent++ % REFILL_EVERY === 0) await world.refill();
      const init = initOf(planned);
      const response = await world.callers[caller]?.fetch(planned.target, init);
      if (response === undefined) throw new Error("There is no such caller.");
      const answer = await readAnswer(response);
      world.learn(answer.body);
      const fault = check.faultIn(planned.operation, answer, init.method === "HEAD");
      const name = `${nameOf(planned.operation)}: ${fault?.slice(0, 60)}`;
      // One of a kind is enough to look at.
      if (fault !== undefined && !faults.has(name))
        faults.set(name, `${planned.target} ${JSON.stringify(planned.body)} → ${fault.slice(0, 500)}`);
    };
    const request = fc.tuple(plans.any(), fc.nat({ max: world.callers.length - 1 }));
    await fc.assert(
      fc.asyncProperty(request, ([planned, caller]) => send(planned, caller)),
      { numRuns: REQUESTS, endOnFailure: true },
    );
    expect([...faults].map(([name, fault]) => `${name}\n  ${fault}`)).toEqual([]);
  },
  timeLimitMs(100, REQUESTS),
);
