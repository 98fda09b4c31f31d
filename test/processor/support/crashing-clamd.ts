import type { Socket } from "node:net";
import { buildTestFile } from "../../../processor/scan/test-signature.ts";
import { type EvilClamd, startEvilClamd } from "./evil-clamd.ts";
import { Changes } from "./http-double.ts";

export interface CrashingClamd extends EvilClamd {
  /** Contents of the streams that were begun, as far as they came. */
  readonly streams: { content: string; readonly beside: number }[];
  readonly changes: Changes;
  crashes(): number;
}

const DAY_MS = 86_400_000;
const TEST_FILE = buildTestFile().toString("latin1");

/** What clamd answers of signatures of some days ago. */
export function versionReply(ageDays: number): string {
  const [weekday, day, month, year, time] = new Date(Date.now() - ageDays * DAY_MS)
    .toUTCString()
    .split(/,? /);
  return `ClamAV 1.4.6/27500/${weekday} ${month} ${day} ${time} ${year}\0`;
}

/**
 * A clamd that dies of a file with `poison` in it: every connection is lost at once, and commands go unanswered until it has
 * been started again; that takes `deafCommands` for each scan that was lost. It knows the test file; others are clean.
 * @param dying called before that
 */
export async function startCrashingClamd(
  poison: string,
  deafCommands = 1,
  dying: () => void = () => undefined,
): Promise<CrashingClamd> {
  const streams: CrashingClamd["streams"] = [];
  const open = new Set<Socket>();
  const changes = new Changes();
  let crashes = 0;
  let deaf = 0;
  const clamd = await startEvilClamd((socket) => {
    const stream = { content: "", beside: open.size };
    socket.on("close", () => open.delete(socket));
    socket.on("data", (bytes) => {
      const text = bytes.toString("latin1");
      if (text.startsWith("zVERSION")) {
        deaf -= 1;
        if (deaf >= 0) return socket.destroy();
        return socket.end(versionReply(1));
      }
      if (text.startsWith("zINSTREAM")) {
        open.add(socket);
        streams.push(stream);
        changes.notify();
      }
      stream.content += text;
      if (stream.content.includes(poison)) {
        dying();
        crashes += 1;
        deaf = deafCommands * open.size;
        for (const one of open) one.destroy();
        return undefined;
      }
      if (!stream.content.endsWith("\0\0\0\0")) return undefined;
      open.delete(socket);
      return socket.end(stream.content.includes(TEST_FILE) ? "stream: Eicar FOUND\0" : "stream: OK\0");
    });
  });
  return { ...clamd, streams, changes, crashes: () => crashes };
}
