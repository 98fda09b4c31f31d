import { AppError } from "#contract/errors.ts";
import type { TenantId } from "#contract/ids.ts";
import type { JurisdictionVariables } from "#contract/jurisdictions.ts";
import { residenceOf } from "#contract/jurisdictions.ts";
import type { Channel, LiveFact } from "#contract/live.ts";
import { withDeadline } from "../deadline.ts";
import { channelName } from "./channels.ts";
import type { SocketContext } from "./live-context.ts";
import { socketRequest } from "./live-context.ts";
import type { LiveObject } from "./live-object.ts";

/** Without the binding there is nobody to tell. */
export interface LiveBindings extends JurisdictionVariables {
  readonly LIVE?: DurableObjectNamespace<LiveObject>;
}

/** Nobody's request waits for it, and what comes later is of no use. */
const PUBLISH_DEADLINE_MS = 5_000;
const CONNECT_DEADLINE_MS = 15_000;
const RETRY_AFTER_SECONDS = 5;

/** What is asked of channels' objects, by whomever. */
export class LiveClient {
  readonly #env: LiveBindings;

  constructor(env: LiveBindings) {
    this.#env = env;
  }

  /**
   * Tells a channel what happened, as far as anybody listens: never throws, because it has happened whoever was told. True
   * where somebody listens, or has lately.
   */
  async publish(tenantId: TenantId, channel: Channel, facts: readonly LiveFact[]): Promise<boolean> {
    const { LIVE } = this.#env;
    if (LIVE === undefined || facts.length === 0) return false;
    try {
      const told = this.#objectOf(LIVE, tenantId, channel).publish([...facts]);
      return await withDeadline(told, PUBLISH_DEADLINE_MS, "SERVICE_UNAVAILABLE");
    } catch (error) {
      console.error({ event: "live-not-told", tenantId, channel: channel.kind, error: String(error) });
      return true;
    }
  }

  /** Opens a socket. Throws `SERVICE_UNAVAILABLE` where that can't be had at the moment. */
  async connect(tenantId: TenantId, channel: Channel, context: SocketContext): Promise<Response> {
    const { LIVE } = this.#env;
    if (LIVE === undefined) throw unavailable();
    const opening = this.#objectOf(LIVE, tenantId, channel).fetch(socketRequest(context));
    const answer = await withDeadline(opening, CONNECT_DEADLINE_MS, "SERVICE_UNAVAILABLE").catch(
      (cause: unknown) => {
        throw unavailable(cause);
      },
    );
    if (answer.status !== 101) throw unavailable();
    return answer;
  }

  /** Objects run and keep what they hold where the tenant's data has to stay. */
  #objectOf(
    all: DurableObjectNamespace<LiveObject>,
    tenantId: TenantId,
    channel: Channel,
  ): DurableObjectStub<LiveObject> {
    const residence = residenceOf(this.#env, tenantId);
    const namespace = residence === undefined ? all : all.jurisdiction(residence);
    return namespace.get(namespace.idFromName(channelName(tenantId, channel)));
  }
}

function unavailable(cause?: unknown): AppError {
  return new AppError("SERVICE_UNAVAILABLE", {
    detail: "There is no live status at the moment.",
    headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
    cause,
  });
}
