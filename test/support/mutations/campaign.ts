import { faultIn } from "./answer-faults.ts";
import type { Case } from "./deck.ts";
import { nameOf } from "./deck.ts";
import type { Outcome } from "./exchange.ts";
import { exchange } from "./exchange.ts";
import type { RequestKind, Subject, World } from "./subject.ts";
import { succeeded } from "./subject.ts";
import type { WireRequest } from "./wire-request.ts";
import { effectiveMethod, encode, fieldValue } from "./wire-request.ts";

/** Requests that are on their way at once, each about subjects of its own. */
const LANES = 4;

/** Sends changed requests, and keeps what was wrong with their answers and with what they left. */
export class Campaign {
  readonly #world: World;
  readonly #subjects = new Map<RequestKind, Subject>();
  readonly #laneOfKind = new Map<RequestKind, number>();
  readonly faults: string[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  async run(cases: readonly Case[]): Promise<void> {
    const lanes = Map.groupBy(cases, ({ kind }) => this.#laneOf(kind));
    await Promise.all([...lanes.values()].map((lane) => this.#runLane(lane)));
  }

  /** All of one kind go one after the other, so that what they are about can be used again. */
  #laneOf(kind: RequestKind): number {
    const lane = this.#laneOfKind.get(kind) ?? this.#laneOfKind.size % LANES;
    this.#laneOfKind.set(kind, lane);
    return lane;
  }

  async #runLane(cases: readonly Case[]): Promise<void> {
    for (const each of cases) await this.#runOne(each);
  }

  async #runOne(each: Case): Promise<void> {
    const { kind, mutation } = each;
    const subject = this.#subjects.get(kind) ?? (await kind.begin(this.#world));
    this.#subjects.delete(kind);
    const valid = subject.request();
    const sent = mutation.apply(valid);
    const outcome = await exchange(this.#world.url, sent);
    const fault = faultIn(sent, outcome) ?? wronglyTaken(each, { valid, sent, outcome });
    const harm = await harmTo(subject, sent, outcome);
    if (fault === undefined && harm === "none") this.#subjects.set(kind, subject);
    const found = [fault, typeof harm === "string" ? undefined : harm.message].filter(
      (text) => text !== undefined,
    );
    if (found.length > 0)
      this.faults.push(`${nameOf(each)}: ${found.join("; ")}\n  ${excerpt(sent)}\n  ${told(outcome)}`);
  }
}

/** Whether the subject is as it was; what was done to it in order; or what was done to it that must not be. */
async function harmTo(
  subject: Subject,
  sent: WireRequest,
  outcome: Outcome,
): Promise<"none" | "used" | Error> {
  try {
    return (await subject.settle(sent, outcome)) ? "none" : "used";
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

interface Exchanged {
  readonly valid: WireRequest;
  readonly sent: WireRequest;
  readonly outcome: Outcome;
}

/** What was answered as if it were right, or by another status than it has to be. */
function wronglyTaken(
  { kind, mutation: { part } }: Case,
  { valid, sent, outcome }: Exchanged,
): string | undefined {
  const status = outcome.kind === "answered" ? outcome.answer.status : undefined;
  if (part === "credential") return status === 401 ? undefined : `${status} to a credential that isn't valid`;
  if (part === "stranger") return status === 404 ? undefined : `${status} to one who may know nothing of it`;
  if (!succeeded(outcome) || effectiveMethod(sent) !== effectiveMethod(valid)) return undefined;
  const isTakeable = kind.strict[part];
  if (isTakeable === undefined || isTakeable(fieldValue(sent, part), fieldValue(valid, part) ?? ""))
    return undefined;
  return `${status} to a value that isn't valid`;
}

const EXCERPT_CHARACTERS = 700;

function excerpt(request: WireRequest): string {
  const fields = request.fields.filter(([name]) => name !== "authorization");
  const text = encode({ ...request, fields }).toString("latin1");
  return `${JSON.stringify(text.slice(0, EXCERPT_CHARACTERS))} (${text.length} bytes, then ${request.ending})`;
}

function told(outcome: Outcome): string {
  if (outcome.kind !== "answered") return JSON.stringify(outcome);
  const { status, body } = outcome.answer;
  return `${status} ${body.toString("utf8").slice(0, EXCERPT_CHARACTERS)}`;
}
