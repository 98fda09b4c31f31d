import { expect } from "vitest";
import type { FileRecord } from "#contract/api.ts";
import type { Caller } from "../api.ts";
import { fileIdOf, TUS } from "../api.ts";
import type { Outcome } from "./exchange.ts";
import type { Subject, World } from "./subject.ts";
import { ask, succeeded } from "./subject.ts";
import type { WireRequest } from "./wire-request.ts";
import { effectiveMethod, fieldValue } from "./wire-request.ts";

/** A caller, and what he has created last: a refused creation leaves nothing behind. */
export class CreationSubject implements Subject {
  readonly world: World;
  readonly caller: Caller;
  readonly #request: (caller: Caller) => WireRequest;
  #newest: string | undefined;

  constructor(world: World, caller: Caller, request: (caller: Caller) => WireRequest) {
    this.world = world;
    this.caller = caller;
    this.#request = request;
  }

  request(): WireRequest {
    return this.#request(this.caller);
  }

  async settle(sent: WireRequest, outcome: Outcome): Promise<boolean> {
    // It may still be under way, and then becomes an upload that nobody was told of.
    if (outcome.kind !== "answered") return false;
    const location = outcome.answer.fields.get("location");
    if (succeeded(outcome) && effectiveMethod(sent) === "POST")
      await this.#expectCreated(sent, location ?? "");
    const newest = await this.#findNewest();
    // Partial uploads have no record; what may be gone on with has one though its creation was refused.
    if (location === undefined) expect(newest?.id, "A refused creation left a record").toBe(this.#newest);
    else expect([this.#newest, fileIdOf(location)]).toContain(newest?.id);
    this.#newest = newest?.id;
    return true;
  }

  async #expectCreated(sent: WireRequest, location: string): Promise<void> {
    expect(location).toMatch(/^\/v1\/(uploads|files)\/[0-9a-z]{26}$/);
    if (location.startsWith("/v1/files/")) return this.#expectFile(sent, location);
    const head = await ask(this.caller, location, { method: "HEAD", headers: TUS });
    expect(head.status).toBe(200);
    // A final upload is complete as it is made, of bytes that were there.
    if (head.headers.get("upload-concat")?.startsWith("final;")) return;
    expect(Number(head.headers.get("upload-offset"))).toBeLessThanOrEqual(sent.content.byteLength);
  }

  async #expectFile(sent: WireRequest, location: string): Promise<void> {
    const answer = await ask(this.caller, location);
    expect(answer.status).toBe(200);
    const { sizeBytes } = (await answer.json()) as FileRecord;
    const isForm = fieldValue(sent, "content-type")?.toLowerCase().startsWith("multipart/") === true;
    // The content of a form is the file and what stands around it.
    if (isForm) expect(sizeBytes).toBeLessThan(sent.content.byteLength);
    else expect(sizeBytes).toBe(sent.content.byteLength);
  }

  async #findNewest(): Promise<FileRecord | undefined> {
    const answer = await ask(this.caller, "/v1/files?limit=1");
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { items: FileRecord[] }).items[0];
  }
}
