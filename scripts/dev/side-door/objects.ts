/**
 * The buckets behind the door: `?bucket=` names the binding, `key` an object. Without a key it is about all objects whose
 * keys begin with `prefix`, of which the first thousand are listed.
 */
export async function serveObjects(
  request: Request,
  env: Readonly<Record<string, unknown>>,
): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const bucket = env[searchParams.get("bucket") ?? ""] as R2Bucket | undefined;
  if (bucket === undefined) return new Response("There is no such bucket.", { status: 400 });
  const key = searchParams.get("key");
  if (key === null) {
    const { objects } = await bucket.list({ prefix: searchParams.get("prefix") ?? "" });
    return Response.json(objects.map((object) => object.key));
  }
  if (request.method === "PUT") {
    const stored = await bucket.put(key, request.body);
    return Response.json({ etag: stored?.etag });
  }
  if (request.method === "DELETE") return remove(bucket, key, searchParams.get("multipart"));
  const object = await bucket.get(key);
  return object === null ? new Response(null, { status: 404 }) : new Response(object.body);
}

async function remove(bucket: R2Bucket, key: string, multipartId: string | null): Promise<Response> {
  if (multipartId === null) await bucket.delete(key);
  else await bucket.resumeMultipartUpload(key, multipartId).abort();
  return new Response(null, { status: 204 });
}
