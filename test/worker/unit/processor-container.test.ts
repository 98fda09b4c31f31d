import { expect, test } from "vitest";
import worker, { ProcessorContainer } from "../../../worker/containers/processor.ts";

/** Cloudflare's container, as far as it is used. */
class FakeContainer {
  running = false;
  readonly starts: unknown[] = [];
  inactivityMs = 0;

  start(options: unknown): void {
    this.running = true;
    this.starts.push(options);
  }

  monitor(): Promise<void> {
    return new Promise(() => {});
  }

  async setInactivityTimeout(durationMs: number): Promise<void> {
    this.inactivityMs = durationMs;
  }
}

/** Objects by their names, of a deployment that has containers or not. */
function deploy(settings: Record<string, string>, hasContainers = true) {
  const containers = new Map<string, FakeContainer>();
  const objects = new Map<string, ProcessorContainer>();
  const env = { ...settings, PROCESSOR: { getByName } };
  function getByName(name: string): ProcessorContainer {
    const container = new FakeContainer();
    const state = { container: hasContainers ? container : undefined, waitUntil: () => {} };
    const object = objects.get(name) ?? new ProcessorContainer(state as never, env);
    if (!objects.has(name)) containers.set(name, container);
    objects.set(name, object);
    return object;
  }
  return { containers, getByName, look: () => worker.scheduled({} as never, env as never) };
}

test("each look has as many processors run as there are to be, with their settings and no more", async () => {
  const { containers, look } = deploy({ PROCESSORS: "2", S3_BUCKET: "files", QUEUES_TOKEN: "secret" });
  await look();
  await look();
  expect([...containers.keys()]).toEqual(["processor-0", "processor-1"]);
  for (const { starts, inactivityMs } of containers.values()) {
    const env = { S3_BUCKET: "files", QUEUES_TOKEN: "secret" };
    expect(starts).toEqual([{ enableInternet: true, env }]);
    expect(inactivityMs).toBeGreaterThan(60_000);
  }
  const [first] = containers.values();
  if (first !== undefined) first.running = false;
  await look();
  expect([...containers.values()].map(({ starts }) => starts.length)).toEqual([2, 1]);
});

test("where there are no containers, that is said", async () => {
  const { getByName } = deploy({ PROCESSORS: "1" }, false);
  expect((await getByName("processor-0").fetch()).status).toBe(503);
});
