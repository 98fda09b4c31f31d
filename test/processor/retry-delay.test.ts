import { expect, test } from "vitest";
import { ProcessorFailure } from "../../processor/failure.ts";
import { chooseRetryDelay } from "../../processor/retry-delay.ts";
import { ScannerCrash } from "../../processor/scan/scanner.ts";

test.each([
  { code: "STORE_UNAVAILABLE", attempts: 1, seconds: 5 },
  { code: "STORE_UNAVAILABLE", attempts: 8, seconds: 640 },
  { code: "WORKER_UNAVAILABLE", attempts: 9, seconds: 900 },
  { code: "WORKER_UNAVAILABLE", attempts: 10_000, seconds: 900 },
  { code: "SCANNER_UNAVAILABLE", attempts: 9, seconds: 900 },
  { code: "TOOL_INSTALLING", attempts: 1, seconds: 15 },
  { code: "TOOL_INSTALLING", attempts: 50, seconds: 300 },
] as const)("$code at attempt $attempts waits $seconds s", ({ code, attempts, seconds }) => {
  expect(chooseRetryDelay(new ProcessorFailure(code), attempts, true)).toBe(seconds);
});

test.each([
  { retryAfterSeconds: 0.1, seconds: 5 },
  { retryAfterSeconds: 70.1, seconds: 71 },
])("what may come again in $retryAfterSeconds s waits $seconds s", ({ retryAfterSeconds, seconds }) => {
  expect(chooseRetryDelay(new ProcessorFailure("LANE_FULL", { retryAfterSeconds }), 50, false)).toBe(seconds);
});

test.each(["STORE_UNAVAILABLE", "WORKER_UNAVAILABLE"] as const)(
  "while %s, deliveries last for days",
  (code) => {
    const delays = Array.from({ length: 94 }, (_, index) =>
      chooseRetryDelay(new ProcessorFailure(code), index + 1, false),
    );
    expect(delays.slice(0, 3)).toEqual([5, 10, 20]);
    expect(delays.reduce((sum, delay) => sum + delay)).toBeGreaterThan(80 * 3600);
  },
);

test("a scanner that is away for all is asked again soon, however often", () => {
  expect(chooseRetryDelay(new ProcessorFailure("SCANNER_UNAVAILABLE"), 50, false)).toBe(5);
});

test.each([
  { crashes: 1, seconds: 5 },
  { crashes: 3, seconds: 20 },
])(
  "what the scanner died of $crashes times waits $seconds s, whatever came before",
  ({ crashes, seconds }) => {
    expect(chooseRetryDelay(new ScannerCrash(crashes, undefined), 50, true)).toBe(seconds);
  },
);
