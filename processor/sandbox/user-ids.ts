import { randomInt } from "node:crypto";

/** Users that systemd hands out for a service's time, and that have no name in /etc/passwd (systemd.io/UIDS-GIDS). */
const FIRST = 61_184;
const COUNT = 4_336;

/**
 * A user for each tool, if we are root: the kernel counts processes by user, also those that ended and that nobody has
 * asked for yet. So the ids go round, and another processor begins elsewhere.
 */
export class UserIds {
  #last = randomInt(COUNT);

  next(): number | undefined {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
    this.#last = (this.#last + 1) % COUNT;
    return FIRST + this.#last;
  }
}
