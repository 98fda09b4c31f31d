import type { Page, WebSocketRoute } from "playwright-core";
import type { FileId } from "#contract/ids.ts";
import type { LiveFact, LiveMessage } from "#contract/live.ts";

/** What a page is told live, by the test in the place of the server. */
export interface LivePage {
  /** Once the page has a socket. */
  tell(...facts: readonly LiveFact[]): Promise<void>;
}

/** As the server has them, but for ids that are as short as tests' are. */
export function idOf(file: { readonly id: string }): FileId {
  return file.id as FileId;
}

/** Gives tickets to a page, and is the other end of its sockets. */
export async function withLive(page: Page): Promise<LivePage> {
  const opened = Promise.withResolvers<WebSocketRoute>();
  let sequence = 1;
  const send = (socket: WebSocketRoute, message: LiveMessage) => socket.send(JSON.stringify(message));
  await page.route("**/v1/live/tickets", (route) => {
    const endsAt = new Date(Date.now() + 3_600_000).toISOString();
    const url = `${new URL(route.request().url()).origin.replace("http", "ws")}/v1/live?ticket=t`;
    return route.fulfill({ status: 201, json: { url, expiresAt: endsAt, endsAt } });
  });
  await page.routeWebSocket(/\/v1\/live\?/, (socket) => {
    send(socket, { type: "hello", sequence, resumed: false });
    opened.resolve(socket);
  });
  return {
    async tell(...facts) {
      const socket = await opened.promise;
      for (const fact of facts) {
        sequence += 1;
        send(socket, { ...fact, sequence, at: "2026-11-20T09:30:00Z" });
      }
    },
  };
}
