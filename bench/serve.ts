import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The child's side of server-process.ts: listens on a free port of loopback, tells it, and ends with the parent. */
export function serve(server: Server): void {
  // Clients keep connections and may take their time: neither is what is measured.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
  process.on("disconnect", () => process.exit(0));
}
