import { createRoute } from "@hono/zod-openapi";
import { AppError } from "#contract/errors.ts";
import { LIVE_PATH, LiveTicket, LiveTicketRequest } from "#contract/live.ts";
import { formatTime } from "#contract/times.ts";
import { parseHeaderInteger } from "#contract/tus.ts";
import { openTicket, sealTicket } from "../delivery/live-ticket.ts";
import { LiveClient } from "../live/live-client.ts";
import { credentialEndMs } from "../middleware/credential-end.ts";
import { counterOfUser, requireRate } from "../middleware/rate-limit.ts";
import { requireChannel, ticketTimes } from "../services/live.ts";
import { admitTenant } from "../services/tenants.ts";
import { LIVE_TICKET_EXAMPLE, LIVE_TICKET_REQUEST_EXAMPLE } from "./examples.ts";
import { FILE_SECURITY, JSON_BODY_ERRORS, openApiRouter, sessionProblems } from "./open-api.ts";
import { publicOrigin } from "./origins.ts";

const ticketRoute = createRoute({
  method: "post",
  path: "/tickets",
  operationId: "createLiveTicket",
  summary: "Make a ticket for live status",
  description:
    "A browser can't send a token with a WebSocket: this opens one, within half a minute, at GET /v1/live. It tells what " +
    "changes of the caller's own files, uploads and quota, or of the files of one entity, as JSON messages; the first says " +
    "whether what was missed follows. It is described in the guide.",
  security: FILE_SECURITY,
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: LiveTicketRequest, example: LIVE_TICKET_REQUEST_EXAMPLE } },
    },
  },
  responses: {
    201: {
      description: "The ticket",
      content: { "application/json": { schema: LiveTicket, example: LIVE_TICKET_EXAMPLE } },
    },
    ...sessionProblems(...JSON_BODY_ERRORS, "ROLE_REQUIRED"),
  },
});

/** Throws `REQUEST_INVALID` for what no socket has told. */
function parseAfter(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const after = parseHeaderInteger(text);
  if (after !== undefined) return after;
  throw new AppError("REQUEST_INVALID", { errors: [{ path: "after", message: "is no sequence" }] });
}

const router = openApiRouter();

/** `/v1/live`: what tells a user's tabs what changes. The socket's own path is no operation that OpenAPI could describe. */
export const live = router.openapi(ticketRoute, async (c) => {
  const identity = c.get("identity");
  const channel = requireChannel(identity, c.get("tenantSettings"), c.req.valid("json"));
  const times = ticketTimes(credentialEndMs(c), Date.now());
  const { tenantId, userId } = identity;
  const ticket = await sealTicket({ tenantId, userId, channel, ...times }, c.get("config").signingKeys);
  const url = `${publicOrigin(c).replace(/^http/, "ws")}${LIVE_PATH}?ticket=${ticket}`;
  const [expiresAt, endsAt] = [formatTime(times.expiresAtMs), formatTime(times.endsAtMs)];
  return c.json({ url, expiresAt, endsAt }, 201);
});

live.get("/", async (c) => {
  if (c.req.header("Upgrade")?.toLowerCase() !== "websocket") {
    throw new AppError("UPGRADE_REQUIRED", { headers: { Upgrade: "websocket", Connection: "Upgrade" } });
  }
  const { signingKeys, tenantCacheMs: maxAgeMs } = c.get("config");
  const nowMs = Date.now();
  const ticket = await openTicket(c.req.query("ticket") ?? "", signingKeys, nowMs);
  if (ticket === undefined) throw new AppError("LIVE_TICKET_INVALID");
  const after = parseAfter(c.req.query("after"));
  const { tenantId, userId, channel, endsAtMs } = ticket;
  // A ticket opens any number of sockets while it is good.
  await requireRate(c, "requests", counterOfUser(tenantId, userId));
  await admitTenant(c.env, tenantId, { maxAgeMs, nowMs });
  return new LiveClient(c.env).connect(tenantId, channel, { userId, endsAtMs, after });
});
