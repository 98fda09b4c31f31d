import { useEffect, useState } from "react";
import type { AuditRecord } from "#contract/audit.ts";
import { ApiError, type Client } from "../../index.ts";

/** The newest of them. */
const SHOWN = 10;

/** Somebody's word that a version is harmless, against a scanner's verdict. */
export interface Released {
  readonly event: AuditRecord;
  /** Undefined where the file was deleted for good. */
  readonly filename: string | undefined;
}

async function nameOf(client: Client, fileId: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await client.files.get(fileId, { signal })).filename;
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 404) return undefined;
    throw error;
  }
}

async function loadReleased(client: Client, signal: AbortSignal): Promise<readonly Released[]> {
  const { items } = await client.admin.audit.list({ action: "version.released", limit: SHOWN }, { signal });
  const ids = [...new Set(items.flatMap(({ fileId }) => fileId ?? []))];
  const names = new Map(
    await Promise.all(ids.map(async (id) => [id, await nameOf(client, id, signal)] as const)),
  );
  return items.map((event) => ({
    event,
    filename: event.fileId === null ? undefined : names.get(event.fileId),
  }));
}

/** What was released last, the newest first. @param turn another one has it looked for anew */
export function useReleased(client: Client, turn: number): readonly Released[] {
  const [released, setReleased] = useState<readonly Released[]>([]);
  useEffect(() => {
    const life = new AbortController();
    loadReleased(client, life.signal).then(setReleased, () => {
      // Quarantine works without it.
    });
    return () => life.abort();
  }, [client, turn]);
  return released;
}
