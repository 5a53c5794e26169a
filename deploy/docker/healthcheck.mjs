// Healthy when the process says that it is ready for work.
const port =
  process.env.SERVICE === 'sandbox' ? (process.env.SANDBOX_HTTP_PORT ?? 3090) : process.env.PORT;
const ready = await fetch(`http://127.0.0.1:${port}/readyz`, {
  signal: AbortSignal.timeout(4_000),
}).then(
  (response) => response.ok,
  () => false,
);
process.exit(ready ? 0 : 1);
