/** Throws `RangeError` for an endpoint with a slash at its end: paths begin with one. */
export function requireEndpoint(endpoint: string): string {
  if (endpoint.endsWith("/")) throw new RangeError("endpoint must not end with a slash");
  return endpoint;
}
