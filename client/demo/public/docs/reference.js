// Draws /openapi.json with Scalar, which asks nothing of anybody else: its fonts, its proxy, its assistant and its
// account are off.
globalThis.Scalar.createApiReference("#reference", {
  url: "/openapi.json",
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true, hideAddApi: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
  hideModels: true,
  defaultOpenAllTags: true,
  operationTitleSource: "summary",
  persistAuth: false,
  metaData: { title: "Causeway API" },
});
