/** All blocks' names of a blob have one length. */
const INDEX_DIGITS = 6;
const NAME = /^(\d{6})-([0-9a-f]{32})$/;

/**
 * A block's name tells its place and its MD5, with which the service compared the bytes when it took them: so whoever goes
 * on with a copy can tell whether a block is the one that it would send, without reading it back. Azure takes names in base64.
 */
export function formatBlockName(index: number, md5: string): string {
  return Buffer.from(`${String(index).padStart(INDEX_DIGITS, "0")}-${md5}`).toString("base64");
}

export interface BlockName {
  readonly index: number;
  readonly md5: string;
}

/** Undefined for what another program has named. */
export function parseBlockName(name: string): BlockName | undefined {
  const [, index, md5] = NAME.exec(Buffer.from(name, "base64").toString("latin1")) ?? [];
  return index === undefined || md5 === undefined ? undefined : { index: Number(index), md5 };
}
