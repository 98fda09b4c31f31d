import { expect } from "vitest";
import type { UploadGrantResponse } from "#contract/api.ts";
import type { EntityGrantResponse } from "#contract/entity-grants.ts";
import { TenantId, UserId } from "#contract/ids.ts";
import { signToken } from "../../../scripts/dev/token.ts";
import type { Caller, StackAccess } from "../api.ts";
import { newCaller, newTenantId } from "../api.ts";
import type { FaultyStack } from "../faulty/stack.ts";
import { startFaultyStack } from "../faulty/stack.ts";
import { setState, shareFile, uploadClean } from "../file-states.ts";
import type { WorkerAlone } from "../worker-alone.ts";
import { launchWorkerAlone } from "../worker-alone.ts";

const OPERATORS = "operators";
export const MISSING_ID = "0".repeat(26);

/** Where refusals come from: a stack whose stores break when they are told to, and one that is strict with everybody. */
export interface Stages {
  readonly stack: FaultyStack;
  /** One creation and three requests in ten seconds, uploads that end after a second, a key set that can't be had. */
  readonly strict: WorkerAlone;
  stop(): Promise<void>;
}

/** Of one request: more than two parts. */
export const MAX_APPEND_BYTES = 20 * 1024 * 1024;

export async function startStages(): Promise<Stages> {
  const [stack, strict] = await Promise.all([
    startFaultyStack({
      OPERATOR_TENANT: OPERATORS,
      TENANT_CACHE_SECONDS: "0",
      MAX_APPEND_BYTES: String(MAX_APPEND_BYTES),
    }),
    launchWorkerAlone({ UPLOAD_IDLE_SECONDS: "1", JWT_JWKS_URL: "http://127.0.0.1:1/jwks.json" }, 0.003),
  ]);
  return {
    stack,
    strict,
    async stop() {
      await Promise.all([stack.stop(), strict.stop()]);
    },
  };
}

/** A request, as far as it can be changed before it is sent. */
export interface Ask {
  readonly method: string;
  /** Or a whole URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | null;
  /** Whose token it has; undefined for none. */
  readonly by?: Caller | undefined;
}

/** What came of a request, as the table of refusals compares it. */
export interface Told {
  readonly status: number;
  /** Of a problem document; undefined where the answer is none. */
  readonly code: string | undefined;
}

/** A tenant of its own for one refusal, with people in it and what they have. */
export class Scene {
  readonly stack: FaultyStack;
  readonly strict: WorkerAlone;
  /** The owner of what there is, a member. */
  readonly ann: Caller;
  /** Another member. */
  readonly bob: Caller;
  readonly admin: Caller;
  readonly backend: Caller;
  readonly operator: Caller;
  /** The file that the request is about, once it is there. */
  #fileId: string | undefined;

  private constructor(stages: Stages, people: Pick<Scene, "ann" | "bob" | "admin" | "backend" | "operator">) {
    this.stack = stages.stack;
    this.strict = stages.strict;
    this.ann = people.ann;
    this.bob = people.bob;
    this.admin = people.admin;
    this.backend = people.backend;
    this.operator = people.operator;
  }

  static async begin(stages: Stages): Promise<Scene> {
    const { stack } = stages;
    const tenantId = newTenantId();
    const [ann, bob, admin, backend, operator] = await Promise.all([
      newCaller({ tenantId, user: "ann", stack }),
      newCaller({ tenantId, user: "bob", stack }),
      newCaller({ tenantId, user: "admin", role: "admin", stack }),
      newCaller({ tenantId, user: "crm", role: "service", stack }),
      newCaller({ tenantId: TenantId.parse(OPERATORS), user: "root", role: "admin", stack }),
    ]);
    return new Scene(stages, { ann, bob, admin, backend, operator });
  }

  get fileId(): string {
    if (this.#fileId === undefined) throw new Error("There is no file in this scene yet.");
    return this.#fileId;
  }

  /** Ann's file, found clean. */
  async addCleanFile(): Promise<string> {
    this.#fileId = await uploadClean(this.stack, this.ann);
    return this.#fileId;
  }

  /** Gives the file its second version, which is then the current one. */
  async addVersion(): Promise<void> {
    await uploadClean(this.stack, this.ann, Buffer.from("hello again"), {
      filename: "notes.txt",
      replaces: this.fileId,
    });
    await this.stack.query(
      "UPDATE files SET current_version = 2 WHERE tenant_id = ? AND id = ?",
      this.ann.tenantId,
      this.fileId,
    );
  }

  setState(state: string): Promise<void> {
    return setState(this.stack, this.fileId, state);
  }

  /** Bob may see the file, and nothing else. */
  async letBobView(): Promise<void> {
    await shareFile(this.stack, this.ann, this.fileId, "bob", "view");
  }

  async putIntoTrash(): Promise<void> {
    const answer = await this.ann.fetch(`/v1/files/${this.fileId}`, { method: "DELETE" });
    expect(answer.status).toBe(204);
  }

  async changeSettings(settings: object): Promise<void> {
    const answer = await this.admin.fetch(`/v1/admin/tenants/${this.ann.tenantId}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ settings }),
    });
    expect(answer.status).toBe(200);
  }

  async setQuota(quotaBytes: number): Promise<void> {
    await this.#setTenant("quota_bytes", quotaBytes);
  }

  async beginErasure(): Promise<void> {
    await this.#setTenant("erasing_at_ms", Date.now());
  }

  async #setTenant(column: "quota_bytes" | "erasing_at_ms", value: number): Promise<void> {
    await this.stack.query(
      `INSERT INTO tenants (tenant_id, created_at_ms, ${column}) VALUES (?, 1, ?)
       ON CONFLICT (tenant_id) DO UPDATE SET ${column} = excluded.${column}`,
      this.ann.tenantId,
      value,
    );
  }

  async breakDatabase(): Promise<void> {
    await this.stack.control({ database: { kind: "fail", atCall: "every" } });
  }

  /** The store fails at every call of an operation. */
  async breakStore(operation: "get" | "uploadPart"): Promise<void> {
    const faults = Array.from({ length: 50 }, () => ({ kind: "fail" }) as const);
    await this.stack.control({ plan: { operation, faults } });
  }

  async mintGrant(
    scope: object = {},
    minter = this.backend,
  ): Promise<UploadGrantResponse & { readonly by: Caller }> {
    const answer = await minter.fetch("/v1/upload-grants", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(scope),
    });
    const grant = (await answer.json()) as UploadGrantResponse;
    return { ...grant, by: this.bearing(grant.token) };
  }

  /** Ann, with a grant for a contact in the place of her session. */
  async grantEntity(allow: readonly string[]): Promise<Caller> {
    const answer = await this.backend.fetch("/v1/entity-grants", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ userId: "ann", entityType: "contact", entityId: "c-1", allow }),
    });
    return this.bearing(((await answer.json()) as EntityGrantResponse).token);
  }

  /** Somebody of the tenant with a token of another kind. */
  bearing(token: string): Caller {
    return bearing(this.stack, this.ann, token);
  }

  async expiredToken(): Promise<Caller> {
    const { tenantId } = this.ann;
    const identity = { tenantId, userId: UserId.parse("ann"), role: "member" } as const;
    return this.bearing(await signToken(identity, { secret: this.stack.jwtSecret, ttlSeconds: -3600 }));
  }
}

/** A caller like another with a token of its own. */
export function bearing(stack: StackAccess, like: Caller, token: string): Caller {
  return {
    ...like,
    token,
    fetch(path, init = {}) {
      const headers = new Headers(init.headers);
      headers.set("authorization", `Bearer ${token}`);
      return fetch(new URL(path, stack.url), { ...init, headers });
    },
  };
}

export async function send(
  scene: Scene,
  { method, path, headers = {}, body = null, by }: Ask,
): Promise<Told> {
  const init = { method, headers: { ...headers }, body, redirect: "manual" } as const;
  const answer = await (by === undefined
    ? fetch(new URL(path, scene.stack.url), init)
    : by.fetch(path, init));
  return toldBy(answer);
}

export async function toldBy(answer: Response): Promise<Told> {
  const text = await answer.text();
  const isProblem = answer.headers.get("content-type") === "application/problem+json";
  return {
    status: answer.status,
    code: isProblem && text !== "" ? (JSON.parse(text) as { code: string }).code : undefined,
  };
}

/** The same request about a file that isn't there. */
export function aboutMissing(scene: Scene, ask: Ask): Ask {
  const replaced = (text: string): string => text.replaceAll(scene.fileId, MISSING_ID);
  const { body } = ask;
  return { ...ask, path: replaced(ask.path), ...(typeof body === "string" ? { body: replaced(body) } : {}) };
}
