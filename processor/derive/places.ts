import type { Properties } from "#contract/properties.ts";
import type { Wishes } from "#contract/wishes.ts";

type Place = Pick<Properties, "latitude" | "longitude">;

/** What may be told of a file: where it was taken, only where its tenant wishes so. */
export function tellable(properties: Properties, { keepPlaces }: Wishes): Properties {
  const { latitude: _latitude, longitude: _longitude, ...others } = properties;
  return keepPlaces ? properties : others;
}

/** A place in degrees, to some ten centimetres; nothing where there is none like that. */
export function readPlace(latitude: number, longitude: number): Place {
  const isOnEarth = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  // What cameras write that have not found out yet.
  const isUnset = latitude === 0 && longitude === 0;
  return isOnEarth && !isUnset ? { latitude: rounded(latitude), longitude: rounded(longitude) } : {};
}

function rounded(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6;
}
