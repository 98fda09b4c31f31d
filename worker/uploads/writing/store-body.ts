import type { StoreBody } from "../../storage/object-store.ts";

export function sizeOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** One body of several, in their order, each read when it is its turn. */
export function joinBodies(bodies: readonly StoreBody[]): StoreBody {
  return {
    pieces: {
      *[Symbol.iterator]() {
        for (const { pieces } of bodies) yield* pieces;
      },
    },
    sizeBytes: bodies.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    hold: () => {
      const letGos = bodies.map(({ hold }) => hold?.());
      return () => {
        for (const letGo of letGos) letGo?.();
      };
    },
  };
}
