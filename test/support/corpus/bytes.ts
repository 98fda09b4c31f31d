/** What is done to files of any kind to make them odd. */
import { createCipheriv } from "node:crypto";

type Making = () => Uint8Array | Promise<Uint8Array>;

/** Bytes that look random and don't pack, the same each time. */
export function noise(sizeBytes: number, key = 1): Buffer {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, key), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(sizeBytes));
}

/** The first bytes of a file: a part of them from 0 to 1, or all but so many at the end. */
export function cut(make: Making, to: number): () => Promise<Uint8Array> {
  return async () => {
    const whole = await make();
    return whole.subarray(0, to > 0 && to < 1 ? Math.floor(whole.byteLength * to) : whole.byteLength + to);
  };
}

/** A file with something behind its end. */
export function followed(make: Making, by: Uint8Array): () => Promise<Buffer> {
  return async () => Buffer.concat([await make(), by]);
}

export function text(content: string): () => Buffer {
  return () => Buffer.from(content);
}

export const EMPTY = (): Buffer => Buffer.alloc(0);
export const ONE_BYTE = (): Buffer => Buffer.from("a");

/** A declaration of entities, each ten times the one before: of the last, "&i;", come a hundred million words. */
export function multiplying(root: string): string {
  const names = ["ab", "bc", "cd", "de", "ef", "fg", "gh", "hi"];
  const entities = names.map(([from = "", to = ""]) => `<!ENTITY ${to} "${`&${from};`.repeat(10)}">`);
  return `<!DOCTYPE ${root} [<!ENTITY a "ha">${entities.join("")}]>`;
}
