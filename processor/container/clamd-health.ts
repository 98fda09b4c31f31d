/** A scanner's health, asked from inside its container: ends with 0 if clamd answers, which it does when it has signatures. */
import { once } from "node:events";
import { connect } from "node:net";

const TIMEOUT_MS = 4_000;

const signal = AbortSignal.timeout(TIMEOUT_MS);
const socket = connect({ host: "127.0.0.1", port: Number(process.env["CLAMAV_PORT"]) || 3310 });
try {
  await once(socket, "connect", { signal });
  socket.write("zPING\0");
  const [answer] = (await once(socket, "data", { signal })) as [Buffer];
  process.exitCode = answer.toString("latin1") === "PONG\0" ? 0 : 1;
} catch {
  process.exitCode = 1;
} finally {
  socket.destroy();
}
