/** A container's health, asked from inside it: ends with 0 if the processor answers. */
const TIMEOUT_MS = 4_000;

const url = `http://127.0.0.1:${process.env["METRICS_PORT"] ?? ""}/healthz`;
const isHealthy = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
  ({ ok }) => ok,
  () => false,
);
process.exitCode = isHealthy ? 0 : 1;
