import { createHash } from "node:crypto";
import { join } from "node:path";
import { ReplicaFault } from "../../replica-fault.ts";

/** Of ids alone (worker/contract/keys.ts): no segment is empty, `.` or `..`, or anything a shell or a file system reads into. */
const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;
const MAX_KEY_LENGTH = 500;

/** Where things are in the directory. Partial copies are beside the objects, so that they can be renamed to them. */
export class DirectoryPaths {
  readonly root: string;
  readonly objects: string;
  readonly facts: string;
  readonly partials: string;

  constructor(root: string) {
    this.root = root;
    this.objects = join(root, "objects");
    this.facts = join(root, "facts");
    this.partials = join(root, "partial");
  }

  object(key: string): string {
    return join(this.objects, encodeKey(key));
  }

  factsOf(key: string): string {
    return `${join(this.facts, encodeKey(key))}.json`;
  }

  /** Of the key and the content: nothing is gone on with that was begun for other bytes. */
  partial(key: string, sha256: string): string {
    return join(this.partials, `${this.partialPrefix(key)}${sha256.slice(0, 32)}`);
  }

  partialPrefix(key: string): string {
    return `${createHash("sha256").update(key).digest("hex").slice(0, 32)}-`;
  }
}

/**
 * A capital letter is written `^` and the small one: some file systems don't tell them apart, and two tenants' ids may
 * differ by that alone. Throws `refused` for what no key is.
 */
function encodeKey(key: string): string {
  if (key.length > MAX_KEY_LENGTH || !KEY.test(key))
    throw new ReplicaFault("refused", { detail: "a key of another form" });
  return key.replaceAll(/[A-Z]/g, (letter) => `^${letter.toLowerCase()}`);
}

/** A name in the directory as the key has it. */
export function decodeName(name: string): string {
  return name.replaceAll(/\^([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}
