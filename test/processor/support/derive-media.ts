import sharp from "sharp";
import type { Deriver } from "../../../processor/derive/deriver.ts";
import { Sniffer } from "../../../processor/sniff.ts";
import { derive, type Derived } from "./derive.ts";

/** Derives as the pipeline does: by the type that the bytes tell. */
export async function deriveSniffed(
  deriver: Deriver,
  bytes: Uint8Array,
): Promise<Derived & { readonly type: string }> {
  const sniffer = new Sniffer();
  sniffer.push(bytes);
  const type = (await sniffer.detect()) ?? "none";
  return { type, ...(await derive(deriver, bytes, type)) };
}

export async function sizeOf(picture: Buffer | undefined): Promise<unknown> {
  const { format, width, height } = await sharp(picture).metadata();
  return { format, width, height };
}

export async function brightnessOf(picture: Buffer | undefined): Promise<number> {
  const { channels } = await sharp(picture).stats();
  return channels.slice(0, 3).reduce((sum, { mean }) => sum + mean, 0) / 3;
}
