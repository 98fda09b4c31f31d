import type { FileId, FileVersionRef, Identity } from "#contract/ids.ts";
import type { JurisdictionVariables, Residence } from "#contract/jurisdictions.ts";
import { residenceOf } from "#contract/jurisdictions.ts";
import { objectAnswer, objectAnswerInTime } from "./object-answer.ts";
import type { PartialSource } from "./state/upload-state.ts";
import { uploadObjectName } from "./upload-context.ts";
import type { UploadObject } from "./upload-object.ts";

export interface UploadBindings extends JurisdictionVariables {
  readonly UPLOADS: DurableObjectNamespace<UploadObject>;
}

/** Objects that run and keep what they hold in a jurisdiction (Durable Objects, "Data location"), or anywhere. */
function uploadsIn({ UPLOADS }: UploadBindings, residence: Residence): DurableObjectNamespace<UploadObject> {
  return residence === undefined ? UPLOADS : UPLOADS.jurisdiction(residence);
}

/**
 * What is asked of uploads' objects, by whomever. An object is there whether its upload is or not. All of it throws
 * `SERVICE_UNAVAILABLE` where the object can't be reached or, but for `fetch`, doesn't answer in time: what was asked may
 * still be done then.
 */
export class UploadClient {
  readonly #env: UploadBindings;

  constructor(env: UploadBindings) {
    this.#env = env;
  }

  /** Sends a request of one of the protocols. What the object refuses is an answer. */
  fetch(ref: FileVersionRef, request: Request): Promise<Response> {
    return objectAnswer(this.#objectOf(ref).fetch(request));
  }

  /** A partial upload's bytes, to be joined: null where it isn't the caller's, or isn't to be joined. */
  joinable(partial: FileVersionRef, identity: Identity): Promise<PartialSource | null> {
    return objectAnswerInTime(this.#objectOf(partial).joinable(identity));
  }

  /** Whether this is the caller's final upload of these partials, with this metadata. */
  isFinalOf(
    final: FileVersionRef,
    identity: Identity,
    partialIds: readonly FileId[],
    metadata: string | null,
  ): Promise<boolean> {
    return objectAnswerInTime(this.#objectOf(final).isFinalOf(identity, [...partialIds], metadata));
  }

  /** Frees the bytes of a partial upload that nobody can join any more. */
  spend(partial: FileVersionRef): Promise<void> {
    return objectAnswerInTime(this.#objectOf(partial).spend());
  }

  /** Ends an upload if it is still under way. Whoever calls this has decided that it may be ended. */
  end(ref: FileVersionRef): Promise<void> {
    return objectAnswerInTime(this.#objectOf(ref).abandon());
  }

  /** Makes the object forget all that it holds: its tenant is being erased. For one that it holds nothing of too. */
  erase(ref: FileVersionRef): Promise<void> {
    return objectAnswerInTime(this.#objectOf(ref).eraseUpload());
  }

  /** Whether the upload still needs what is reserved for it. */
  needsReservation(ref: FileVersionRef): Promise<boolean> {
    return objectAnswerInTime(this.#objectOf(ref).needsReservation());
  }

  #objectOf(ref: FileVersionRef): DurableObjectStub<UploadObject> {
    const uploads = uploadsIn(this.#env, residenceOf(this.#env, ref.tenantId));
    return uploads.get(uploads.idFromName(uploadObjectName(ref)));
  }
}
