/** tus 1.0: "If the header is present, the Server MUST treat the request as if its method was that of the header." */
export function effectiveMethod(request: Request): string {
  return request.headers.get("X-HTTP-Method-Override")?.toUpperCase() ?? request.method;
}
