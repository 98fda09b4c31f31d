import addFormats from "ajv-formats";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ValidateFunction } from "ajv/dist/2020.js";
import type { ApiDocument, Operation } from "./document.ts";
import { nameOf } from "./document.ts";

export interface Answer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: string;
}

export async function readAnswer(response: Response): Promise<Answer> {
  return {
    status: response.status,
    contentType: response.headers.get("content-type"),
    body: await response.text(),
  };
}

function pointer(...tokens: readonly string[]): string {
  return tokens
    .map((token) => `/${encodeURIComponent(token.replaceAll("~", "~0").replaceAll("/", "~1"))}`)
    .join("");
}

function bareType(contentType: string): string {
  return (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
}

/** Holds answers against the document: status, content type, and the body by its schema. */
export class AnswerCheck {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: ApiDocument) {
    // A CommonJS module whose default export TypeScript takes for its namespace.
    (addFormats as unknown as (ajv: Ajv2020) => void)(this.#ajv);
    this.#ajv.addSchema({ ...document.raw, $id: "openapi" });
  }

  /** What is undocumented about an answer to an operation; undefined where nothing is. */
  faultIn(operation: Operation, answer: Answer, isHead = false): string | undefined {
    if (answer.status >= 500) return `${answer.status}: ${answer.body}`;
    const status = String(answer.status);
    const documented = operation.responses[status];
    if (documented === undefined) return `${status} isn't documented: ${answer.body}`;
    if (isHead || answer.body === "") return undefined;
    if (documented.content === undefined) return bytesAreFine(answer);
    const type = bareType(answer.contentType ?? "");
    const isListed = Object.hasOwn(documented.content, type);
    if (!isListed) return Object.hasOwn(documented.content, "*/*") ? undefined : `${status} as ${type}`;
    if (!/\bjson$/.test(type)) return undefined;
    return this.#faultInBody(operation, status, type, answer.body);
  }

  #faultInBody(operation: Operation, status: string, type: string, body: string): string | undefined {
    const validate = this.#validatorOf(operation, status, type);
    if (validate(JSON.parse(body))) return undefined;
    return `${status} with another body than documented: ${this.#ajv.errorsText(validate.errors)}: ${body}`;
  }

  #validatorOf(operation: Operation, status: string, type: string): ValidateFunction {
    const key = `${nameOf(operation)} ${status} ${type}`;
    const known = this.#validators.get(key);
    if (known !== undefined) return known;
    const place = pointer(
      "paths",
      operation.path,
      operation.method,
      "responses",
      status,
      "content",
      type,
      "schema",
    );
    const validate = this.#ajv.compile({ $ref: `openapi#${place}` });
    this.#validators.set(key, validate);
    return validate;
  }
}

/** A success that is documented without content may be a file's bytes; a refusal is always a document. */
function bytesAreFine({ status, body }: Answer): string | undefined {
  return status < 400 ? undefined : `${status} has content that isn't documented: ${body}`;
}
