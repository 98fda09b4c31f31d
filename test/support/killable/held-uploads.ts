import { expect } from "vitest";
import type { Caller } from "../api.ts";
import { append, createUpload, creationHeaders, metadataHeader, newCaller, TUS } from "../api.ts";
import { locationOf, postUpload } from "../tus.ts";
import type { FinalisePhase } from "./histogram.ts";
import { FINALISE_PHASES } from "./histogram.ts";
import type { Hold } from "./holds.ts";
import type { Content, Numbers } from "./seeded.ts";
import { bytesAt, newContent } from "./seeded.ts";
import type { KillableStack } from "./stack.ts";

const MIB = 1024 * 1024;
const METADATA = { filename: "film.mp4", filetype: "video/mp4" };

/** A state of finalise, and the call at which an upload is caught in it. */
export interface Place extends Omit<Hold, "tenantId"> {
  readonly phase: FinalisePhase;
  /** Whether the upload has parts: then R2 has to put it together. */
  readonly isMultipart: boolean;
}

/** Every call of every state, each before it is carried out and when its answer was never heard. */
const PLACES: readonly Place[] = [
  // The first is looked at before the upload is created, the second is the first source's.
  { phase: "copying", call: "get", when: "before", isMultipart: true, skipped: 2 },
  { phase: "copying", call: "createMultipartUpload", when: "before", isMultipart: true },
  { phase: "copying", call: "createMultipartUpload", when: "after", isMultipart: true },
  { phase: "copying", call: "uploadPart", when: "before", isMultipart: true },
  { phase: "copying", call: "uploadPart", when: "after", isMultipart: true },
  { phase: "copying", call: "put", when: "before", isMultipart: false },
  { phase: "copying", call: "put", when: "after", isMultipart: false },
  { phase: "storing", call: "complete", when: "before", isMultipart: true },
  { phase: "storing", call: "complete", when: "after", isMultipart: true },
  { phase: "recording", call: "batch", when: "before", isMultipart: false },
  { phase: "recording", call: "batch", when: "after", isMultipart: true },
  { phase: "announcing", call: "send", when: "before", isMultipart: true },
  { phase: "announcing", call: "send", when: "after", isMultipart: false },
  // Each of its partials' bytes.
  { phase: "discarding", call: "delete", when: "before", isMultipart: false },
  { phase: "discarding", call: "delete", when: "after", isMultipart: true },
];

/** An upload that waits in a state of finalise until workerd is killed. Its tenant has no other file. */
export interface HeldUpload {
  readonly place: Place;
  readonly tenantId: string;
  readonly content: Content;
}

/**
 * Brings an upload to every state, and resolves when all of them wait there. They have memory of the isolate, so that
 * others can't send much meanwhile.
 * @param round decides which of each state's places they are
 */
export async function holdUploads(
  stack: KillableStack,
  numbers: Numbers,
  round: number,
): Promise<readonly HeldUpload[]> {
  const places = FINALISE_PHASES.map((phase) => placeOf(phase, round));
  const uploads = await Promise.all(places.map((place) => holdUpload(stack, place, numbers)));
  const missing = async () => {
    const held = new Set(await stack.heldTenants());
    return uploads.filter(({ tenantId }) => !held.has(tenantId)).map(({ place }) => place);
  };
  await expect.poll(missing, { interval: 20, timeout: 30_000 }).toEqual([]);
  return uploads;
}

function placeOf(phase: FinalisePhase, round: number): Place {
  const places = PLACES.filter((place) => place.phase === phase);
  const place = places[round % places.length];
  if (place === undefined) throw new Error(`There is no place in ${phase}.`);
  return place;
}

async function holdUpload(stack: KillableStack, place: Place, numbers: Numbers): Promise<HeldUpload> {
  const caller = await newCaller({ stack });
  const { tenantId } = caller;
  // A final upload has parts of 8 MiB, others those of their first append.
  const [firstBytes, restBytes] = place.isMultipart
    ? [5 * MIB, numbers.between(1, MIB) + (place.phase === "copying" ? 3 * MIB : 0)]
    : [numbers.between(1000, MIB), numbers.between(1, MIB)];
  const content = newContent(numbers, firstBytes + restBytes);
  const first = bytesAt(content, 0, firstBytes);
  const rest = bytesAt(content, firstBytes, restBytes);
  const complete =
    place.phase === "copying" || place.phase === "discarding"
      ? await uploadPartials(caller, [first, rest])
      : await uploadMost(caller, first, rest);
  await stack.hold({ ...place, tenantId });
  // It has no answer but the end of its connection.
  complete().catch(() => {});
  return { place, tenantId, content };
}

type Body = Buffer<ArrayBuffer>;

/** An upload that lacks its last append, which is returned. */
async function uploadMost(caller: Caller, first: Body, rest: Body): Promise<() => Promise<Response>> {
  const location = await createUpload(caller, first.byteLength + rest.byteLength, METADATA);
  expect((await append(caller, location, 0, first)).status).toBe(204);
  return () => append(caller, location, first.byteLength, rest);
}

/** Partial uploads that nobody has joined yet; what joins them is returned. */
async function uploadPartials(caller: Caller, bodies: readonly Body[]): Promise<() => Promise<Response>> {
  const locations = await Promise.all(bodies.map((body) => uploadPartial(caller, body)));
  const headers = {
    "upload-concat": `final;${locations.join(" ")}`,
    "upload-metadata": metadataHeader(METADATA),
  };
  return () => postUpload(caller, { ...TUS, ...headers });
}

async function uploadPartial(caller: Caller, body: Body): Promise<string> {
  const { "upload-metadata": _name, ...headers } = creationHeaders(body.byteLength);
  const location = await locationOf(postUpload(caller, { ...headers, "upload-concat": "partial" }));
  expect((await append(caller, location, 0, body)).status).toBe(204);
  return location;
}
