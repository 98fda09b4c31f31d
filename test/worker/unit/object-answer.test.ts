import { expect, test } from "vitest";
import { AppError } from "#contract/errors.ts";
import { objectAnswer } from "../../../worker/uploads/object-answer.ts";

function thrown(message: string, told: object = {}): Error {
  return Object.assign(new Error(message), told);
}

test.each([
  thrown("Network connection lost."),
  thrown("Network connection lost.", { retryable: true }),
  thrown("Durable Object is overloaded. Too many requests queued.", { overloaded: true }),
  thrown("internal error; reference = 0123456789"),
  thrown("Ended by its own code.", { remote: true, durableObjectReset: true }),
])("%s: the object is unavailable for a moment", async (error) => {
  await expect(objectAnswer(Promise.reject(error))).rejects.toMatchObject({
    code: "SERVICE_UNAVAILABLE",
    headers: { "Retry-After": "2" },
    cause: error,
  });
});

test.each([
  thrown("A fault of its code.", { remote: true }),
  thrown("A fault of its code.", { remote: true, retryable: false }),
  new AppError("FORM_INVALID"),
])("%s: what isn't the runtime's is passed on", async (error) => {
  await expect(objectAnswer(Promise.reject(error))).rejects.toBe(error);
});

test("an answer is the answer, a refusal too", async () => {
  const refusal = new Response(null, { status: 409 });
  expect(await objectAnswer(Promise.resolve(refusal))).toBe(refusal);
});
