// What is used of Node's crypto in workerd (nodejs_compat). Node's own types would bring all of Node's globals with them.
declare module "node:crypto" {
  interface ScryptOptions {
    readonly N: number;
    readonly r: number;
    readonly p: number;
    readonly maxmem: number;
  }
  export function scryptSync(
    password: string,
    salt: Uint8Array,
    keyLength: number,
    options: ScryptOptions,
  ): Uint8Array;
  interface Hash {
    update(text: string): Hash;
    digest(encoding: "base64"): string;
  }
  export function createHash(algorithm: "md5"): Hash;
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}
