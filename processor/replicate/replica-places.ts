import { realpathSync } from "node:fs";
import { resolve, sep } from "node:path";
import { connectionUrl } from "./azure-connection.ts";
import type { ReplicaSettings } from "./replica-settings.ts";

/** A target's name with its settings. */
export interface NamedSettings {
  readonly name: string;
  readonly settings: ReplicaSettings;
}

/**
 * Says of two targets that are one place, or of which one is inside the other, that they are: there would be one copy that
 * counts as two. Directories are looked at where there are several, so that one that hangs keeps nobody from starting.
 */
export function findSharedPlaces(targets: readonly NamedSettings[]): readonly string[] {
  const isSeveral = targets.filter(({ settings }) => settings.KIND === "directory").length > 1;
  const places = targets.map(({ name, settings }) => ({ name, place: placeOf(settings, isSeveral) }));
  return places.flatMap(({ name, place }, index) =>
    places
      .slice(0, index)
      .filter((other) => isWithin(place, other.place) || isWithin(other.place, place))
      .map((other) => `REPLICAS: ${other.name} and ${name} are one place, or one is inside the other`),
  );
}

/** Ends with a separator: what is within begins with it. */
function placeOf(settings: ReplicaSettings, isLookedAt: boolean): string {
  switch (settings.KIND) {
    case "s3":
      return `s3 ${serviceOf(settings.ENDPOINT)} ${settings.BUCKET}/`;
    case "gcs":
      return `gcs ${serviceOf(settings.API_ENDPOINT)} ${settings.BUCKET}/`;
    case "azure":
      return `azure ${containerOf(settings)}/`;
    case "directory":
      return `directory ${isLookedAt ? pathOf(settings.PATH) : settings.PATH}/`;
  }
}

function isWithin(place: string, other: string): boolean {
  return place.startsWith(other);
}

/** Amazon's own by any name: a bucket's is of one there. */
function serviceOf(endpoint: string | undefined): string {
  if (endpoint === undefined) return "";
  const { host } = new URL(endpoint);
  return host.endsWith(".amazonaws.com") ? "" : addressOf(endpoint);
}

function containerOf(settings: Extract<ReplicaSettings, { KIND: "azure" }>): string {
  const { CONNECTION_STRING, SAS_URL, ACCOUNT_URL = "", CONTAINER } = settings;
  if (SAS_URL !== undefined) return addressOf(SAS_URL);
  const account = CONNECTION_STRING === undefined ? ACCOUNT_URL : connectionUrl(CONNECTION_STRING);
  return `${addressOf(account)}/${CONTAINER}`;
}

/** Without what says who asks, nor whether it is encrypted. */
function addressOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`.replace(/\/+$/, "");
}

/** Of what isn't there yet as it is written. */
function pathOf(path: string): string {
  try {
    return realpathSync(path).replace(/\/$/, "");
  } catch {
    return resolve(path).split(sep).join("/");
  }
}
