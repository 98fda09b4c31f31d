import { unlessAborted } from "./wait.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "HEAD" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Blob;
}

/** An answer that is there with all of its body. */
export interface Answer {
  readonly status: number;
  /** Where it came from, redirects followed. */
  readonly url: string;
  readonly body: string;
  /** Undefined where the answer hasn't it, or where its server doesn't let the page read it. */
  header(name: string): string | undefined;
}

export interface RequestWatch {
  readonly signal: AbortSignal;
  /** So many bytes of the body have left by now. Without XMLHttpRequest nothing tells. */
  readonly onSent: (bytes: number) => void;
}

function sendByXhr(request: HttpRequest, { signal, onSent }: RequestWatch): Promise<Answer> {
  const xhr = new XMLHttpRequest();
  xhr.open(request.method, request.url);
  for (const [name, value] of Object.entries(request.headers)) xhr.setRequestHeader(name, value);
  xhr.upload.addEventListener("progress", ({ loaded }) => onSent(loaded));
  const answered = new Promise<Answer>((resolve, reject) => {
    xhr.addEventListener("load", () =>
      resolve({
        status: xhr.status,
        url: xhr.responseURL,
        body: xhr.responseText,
        header: (name) => xhr.getResponseHeader(name) ?? undefined,
      }),
    );
    // Comes last, however it ends: what the browser itself ends, as `window.stop()` does, has no `error`.
    xhr.addEventListener("loadend", () => reject(new Error("no answer")));
    xhr.send(request.body ?? null);
  });
  return unlessAborted(answered, signal).catch((error: unknown) => {
    xhr.abort();
    throw error;
  });
}

async function sendByFetch({ url, ...request }: HttpRequest, { signal }: RequestWatch): Promise<Answer> {
  const answer = await fetch(url, { ...request, signal });
  const body = await answer.text();
  return {
    status: answer.status,
    url: answer.url,
    body,
    header: (name) => answer.headers.get(name) ?? undefined,
  };
}

/**
 * One request: by XMLHttpRequest where there is a body and a browser, because fetch doesn't tell how much of it has left.
 * Rejects when nothing answered, and when `signal` aborts.
 */
export async function sendRequest(request: HttpRequest, watch: RequestWatch): Promise<Answer> {
  watch.signal.throwIfAborted();
  const hasXhr = "XMLHttpRequest" in globalThis;
  return request.body !== undefined && hasXhr ? sendByXhr(request, watch) : sendByFetch(request, watch);
}
