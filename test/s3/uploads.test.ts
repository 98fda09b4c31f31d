// The same tests, on a stack whose objects are in S3 (vitest.config.ts).
import "../worker/tus.test.ts";
import "../worker/tus-concatenation.test.ts";
import "../worker/tus-termination.test.ts";
