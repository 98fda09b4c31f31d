import { setTimeout as wait } from "node:timers/promises";
import type { z } from "zod";
import { type ReplicatedVersion, ReplicatedVersionPage } from "#contract/replicas.ts";

export interface Api {
  readonly url: string;
  readonly token: string;
}

const DEADLINE_MS = 30_000;
const ATTEMPTS = 5;
const FIRST_WAIT_MS = 500;
const PAGE_VERSIONS = 500;

/** Asks the worker; every question here may be asked twice. Throws its refusal. */
export async function ask<T>(
  { url, token }: Api,
  path: string,
  schema: z.ZodType<T>,
  body?: object,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(new URL(path, url), {
      method: body === undefined ? "GET" : "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    }).catch((error: unknown) => error);
    if (answer instanceof Response && answer.ok) return schema.parse(await answer.json());
    const mayPass = !(answer instanceof Response) || answer.status >= 500 || answer.status === 429;
    if (!mayPass || attempt === ATTEMPTS) throw new Error(await describe(path, answer));
    await wait(FIRST_WAIT_MS * 2 ** (attempt - 1));
  }
}

async function describe(path: string, answer: unknown): Promise<string> {
  if (!(answer instanceof Response)) return `${path}: ${String(answer)}`;
  return `${path}: ${answer.status} ${(await answer.text()).slice(0, 200)}`;
}

export interface VersionPage {
  readonly items: readonly ReplicatedVersion[];
  readonly nextCursor: string | null;
}

/** Pages of a tenant's clean versions, behind a cursor, in the order of their files' ids. */
export async function* readVersions(api: Api, after: string | null): AsyncGenerator<VersionPage> {
  let cursor = after;
  do {
    const query = new URLSearchParams({ limit: String(PAGE_VERSIONS) });
    if (cursor !== null) query.set("cursor", cursor);
    const page = await ask(api, `/v1/admin/replicas?${query.toString()}`, ReplicatedVersionPage);
    yield page;
    cursor = page.nextCursor;
  } while (cursor !== null);
}
