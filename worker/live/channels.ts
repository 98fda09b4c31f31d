import type { TenantId } from "#contract/ids.ts";
import type { Channel } from "#contract/live.ts";

/**
 * Name of a channel's Durable Object. The tenant comes first, so that another's is another object; only the last part may
 * have a slash in it.
 */
export function channelName(tenantId: TenantId, channel: Channel): string {
  if (channel.kind === "user") return `${tenantId}/user/${channel.userId}`;
  return `${tenantId}/entity/${channel.entityType}/${channel.entityId}`;
}
