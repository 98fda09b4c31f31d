import { limitCommand } from "./limits.ts";
import { becomeUser, type Rung } from "./rung.ts";

/** The lowest rung: limits on what a tool takes and, if we are root, another user; none on what it reaches. */
export const LIMITS_RUNG: Rung = {
  name: "limits",
  boundsScratch: false,
  wrap: ({ command, limits, userId }) => [
    ...becomeUser(userId),
    ...limitCommand(limits, undefined),
    ...command,
  ],
};
