import { asAppError } from "../../../../worker/contract/errors.ts";
import type { ObjectStore, StoreBody } from "../../../../worker/storage/object-store.ts";
import { objectStoreOf } from "../../../../worker/storage/store.ts";
import type { CallAnswer, CallRequest, StoreCall } from "../calls.ts";
import { byteAt } from "../calls.ts";

/** Makes calls of the product's object stores, in the runtime in which the product makes them. */

interface Held {
  count: number;
}

/** Pieces of these sizes, whose bytes begin at the beginning of what is stored. */
function bodyOf(piecesBytes: readonly number[], held: Held): StoreBody {
  let offset = 0;
  const pieces = piecesBytes.map((sizeBytes) => {
    const piece = new Uint8Array(sizeBytes);
    for (let index = 0; index < sizeBytes; index += 1) piece[index] = byteAt(offset + index);
    offset += sizeBytes;
    return piece;
  });
  const hold = () => {
    held.count += 1;
    return () => {
      held.count -= 1;
    };
  };
  return { pieces, sizeBytes: offset, hold };
}

async function read(store: ObjectStore, call: Extract<StoreCall, { call: "get" }>): Promise<unknown> {
  const { key, etag, range } = call;
  const options = { ...(etag === undefined ? {} : { etag }), ...(range === undefined ? {} : { range }) };
  const found = await store.get(key, options);
  if (found === undefined) return undefined;
  const { body, storedAtMs, ...facts } = found;
  const bytes = new Uint8Array(await new Response(body).arrayBuffer());
  const from = range?.offset ?? 0;
  const isRight = bytes.every((byte, index) => byte === byteAt(from + index));
  return {
    ...facts,
    bytes: bytes.byteLength,
    isRight: isRight && Math.abs(Date.now() - storedAtMs) < 60_000,
  };
}

function make(store: ObjectStore, call: StoreCall, held: Held): Promise<unknown> {
  switch (call.call) {
    case "put":
      return store.put(call.key, bodyOf(call.piecesBytes, held), "text/plain");
    case "createMultipart":
      return store.createMultipart(call.key, "text/plain");
    case "storePart":
      return store.storePart(call.key, call.id, call.partNumber, bodyOf(call.piecesBytes, held));
    case "completeMultipart":
      return store.completeMultipart(call.key, call.id, call.parts);
    case "abortMultipart":
      return store.abortMultipart(call.key, call.id);
    case "head":
      return store.head(call.key);
    case "get":
      return read(store, call);
    case "remove":
      return store.remove(call.keys);
    case "list":
      return store.list(call.prefix);
  }
}

/** What a failed call still lets go of, it does in a moment. */
async function settle(held: Held): Promise<number> {
  for (let turn = 0; turn < 50 && held.count > 0; turn += 1) await scheduler.wait(10);
  return held.count;
}

async function answer(env: Env, { vars, call }: CallRequest): Promise<CallAnswer> {
  const held: Held = { count: 0 };
  try {
    const value = await make(objectStoreOf({ BUCKET: env.BUCKET, ...vars }), call, held);
    return { ok: true, value: value ?? null, stillHeld: await settle(held) };
  } catch (error) {
    const { code, cause } = asAppError(error);
    return { ok: false, code, cause: String(cause), stillHeld: await settle(held) };
  }
}

export default {
  async fetch(request, env) {
    return Response.json(await answer(env, await request.json<CallRequest>()));
  },
} satisfies ExportedHandler<Env>;
