import addFormats from "ajv-formats";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ApiDocument, Operation } from "./document.ts";

/** A request as it was sent, with its body as text where it is JSON. */
export interface SentRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly json: string | undefined;
}

function pathPattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]+")}$`);
}

/** Holds requests against the document: that there is such an operation, its parameters, and a body by its schema. */
export class RequestCheck {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  readonly #document: ApiDocument;

  constructor(document: ApiDocument) {
    this.#document = document;
    // A CommonJS module whose default export TypeScript takes for its namespace.
    (addFormats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    this.#ajv.addSchema({ ...document.raw, $id: "openapi" });
  }

  /** The operation that a request is to: where a path is also another's parameter, the one that says it. */
  operationOf({ method, url }: SentRequest): Operation {
    const found = this.#document.operations
      .filter((each) => each.method === method.toLowerCase() && pathPattern(each.path).test(url.pathname))
      .toSorted((one, other) => one.path.split("{").length - other.path.split("{").length);
    if (found[0] === undefined) throw new Error(`${method} ${url.pathname} isn't documented.`);
    return found[0];
  }

  /** What is undocumented about a request; undefined where nothing is. */
  faultIn(operation: Operation, { url, headers, json }: SentRequest): string | undefined {
    const inQuery = operation.parameters.filter((parameter) => parameter.in === "query");
    const names = new Set(inQuery.map(({ name }) => name));
    const unknown = [...url.searchParams.keys()].filter((name) => !names.has(name));
    if (unknown.length > 0) return `has unknown parameters: ${unknown.join(", ")}`;
    const lacking = inQuery.filter(({ name, required }) => required && !url.searchParams.has(name));
    if (lacking.length > 0) return `lacks ${lacking.map(({ name }) => name).join(", ")}`;
    const takesKey = operation.parameters.some(({ name }) => name === "idempotency-key");
    if (takesKey !== headers.has("idempotency-key")) return `takes an Idempotency-Key: ${takesKey}`;
    return this.#faultInBody(operation, json);
  }

  #faultInBody({ method, path, requestBody }: Operation, json: string | undefined): string | undefined {
    const schema = requestBody?.content["application/json"]?.schema;
    if (schema === undefined) return json === undefined ? undefined : "has a body that isn't documented";
    if (json === undefined) return requestBody?.required === true ? "lacks its body" : undefined;
    const place = path.replaceAll("~", "~0").replaceAll("/", "~1");
    const pointer = `openapi#/paths/${encodeURIComponent(place)}/${method}/requestBody/content/application~1json/schema`;
    const validate = this.#ajv.compile({ $ref: pointer });
    return validate(JSON.parse(json)) ? undefined : this.#ajv.errorsText(validate.errors);
  }
}
