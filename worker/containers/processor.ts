/**
 * A Worker of its own that keeps processors running in Cloudflare Containers (wrangler.processor.toml), each with its
 * clamd beside it (processor/container/). A processor asks the queue for work and is asked nothing, so that nobody would
 * wake its container: cron does, every minute. The API's Worker knows nothing of this one.
 */

/** Longer than from one look of cron to the next, and than one that is left out. */
const INACTIVITY_MS = 10 * 60_000;
/** More than anybody means. */
const MAX_PROCESSORS = 20;

interface ContainerEnv {
  readonly PROCESSOR: DurableObjectNamespace;
  /** How many there are; `max_instances` of the configuration is no less. */
  readonly PROCESSORS: string;
}

/** The object that owns one container. */
export class ProcessorContainer {
  readonly #state: DurableObjectState;
  readonly #settings: Record<string, string>;

  constructor(state: DurableObjectState, env: object) {
    this.#state = state;
    this.#settings = settingsIn(env);
  }

  /** Has the container run: 204, or 503 where there is none to be had. */
  async fetch(): Promise<Response> {
    const { container } = this.#state;
    if (container === undefined) return new Response("There are no containers here.\n", { status: 503 });
    if (!container.running) {
      // It reaches the queue, the bucket, the API and ClamAV's signatures.
      container.start({ enableInternet: true, env: this.#settings });
      this.#state.waitUntil(noteEnd(container));
    }
    await container.setInactivityTimeout(INACTIVITY_MS);
    return new Response(null, { status: 204 });
  }
}

async function noteEnd(container: Container): Promise<void> {
  try {
    await container.monitor();
    console.warn({ event: "processor-ended" });
  } catch (error) {
    console.error({ event: "processor-failed", error: String(error) });
  }
}

/** Variables and secrets are the processor's own: what its documentation names is set here by that name. */
function settingsIn(env: object): Record<string, string> {
  const texts = Object.entries(env).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(texts.filter(([name]) => name !== "PROCESSORS"));
}

async function keepRunning({ PROCESSOR, PROCESSORS }: ContainerEnv): Promise<void> {
  const count = Math.min(MAX_PROCESSORS, Number(PROCESSORS));
  const looks = Array.from({ length: count }, async (_, index) => {
    const answer = await PROCESSOR.getByName(`processor-${index}`).fetch("https://processor/");
    if (!answer.ok) throw new Error(`processor-${index}: ${answer.status} ${await answer.text()}`);
  });
  const failures = (await Promise.allSettled(looks)).filter((look) => look.status === "rejected");
  for (const { reason } of failures) console.error({ event: "processor-not-started", error: String(reason) });
}

export default {
  scheduled: (_controller, env) => keepRunning(env),
} satisfies ExportedHandler<ContainerEnv>;
