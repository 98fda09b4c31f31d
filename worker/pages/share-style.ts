/** The share page's style: the client's tokens (client/demo/styles/tokens.css), as far as the page needs them. */
export const SHARE_STYLE = `
:root {
  color-scheme: light dark;
  --cw-bg: light-dark(#f5f6f8, #101216);
  --cw-surface: light-dark(#ffffff, #181b20);
  --cw-raised: light-dark(#f0f2f5, #22262d);
  --cw-border: light-dark(#dde1e7, #2c313a);
  --cw-border-strong: light-dark(#8b93a1, #6b7382);
  --cw-text: light-dark(#1b1e25, #e8eaef);
  --cw-muted: light-dark(#5a6170, #a3aab8);
  --cw-accent: light-dark(#2f5bd7, #8fb0ff);
  --cw-accent-hover: light-dark(#2549b3, #abc4ff);
  --cw-on-accent: light-dark(#ffffff, #0e1630);
  --cw-danger: light-dark(#b3261e, #ff9c92);
  --cw-shadow: 0 1px 2px light-dark(rgb(20 25 40 / 6%), rgb(0 0 0 / 40%));
}
@media (prefers-contrast: more) {
  :root { --cw-border: var(--cw-border-strong); --cw-muted: var(--cw-text); }
}
*, *::before, *::after { box-sizing: border-box; }
body {
  margin: 0;
  min-height: 100vh;
  min-height: 100dvh;
  display: grid;
  /* Above the middle, where the eye looks for it. */
  grid-template-rows: minmax(24px, 2fr) auto minmax(24px, 3fr);
  justify-items: center;
  padding: 0 16px;
  background: var(--cw-bg);
  color: var(--cw-text);
  font: 0.875rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
}
main {
  grid-row: 2;
  width: 100%;
  max-width: 448px;
  padding: 32px;
  background: var(--cw-surface);
  border: 1px solid var(--cw-border);
  border-radius: 10px;
  box-shadow: var(--cw-shadow);
}
.icon { width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; flex: none; }
.picture {
  width: 96px;
  height: 96px;
  margin-bottom: 20px;
  display: grid;
  place-items: center;
  overflow: hidden;
  background: var(--cw-raised);
  border-radius: 6px;
  color: var(--cw-muted);
}
.picture img { width: 100%; height: 100%; object-fit: cover; }
.picture .icon { width: 40px; height: 40px; stroke-width: 0.9; }
.sign { margin-bottom: 16px; color: var(--cw-muted); }
.sign.busy { color: var(--cw-accent); }
.sign.danger { color: var(--cw-danger); }
.sign .icon { width: 32px; height: 32px; stroke-width: 1.2; display: block; }
h1 { margin: 0; font-size: 1.25rem; line-height: 1.3; font-weight: 600; overflow-wrap: anywhere; text-wrap: balance; }
h1.name { text-wrap: pretty; }
h1.long { font-size: 1rem; line-height: 1.4; }
p { margin: 8px 0 0; color: var(--cw-muted); }
dl { margin: 20px 0 0; display: grid; grid-template-columns: max-content 1fr; gap: 8px 16px; font-variant-numeric: tabular-nums; }
dt { color: var(--cw-muted); }
dd { margin: 0; }
form { margin: 24px 0 0; }
label { display: block; margin-bottom: 4px; font-weight: 500; }
input {
  width: 100%;
  min-height: 44px;
  margin-bottom: 16px;
  padding: 8px 12px;
  font: inherit;
  font-size: 1rem;
  color: inherit;
  background: var(--cw-surface);
  border: 1px solid var(--cw-border-strong);
  border-radius: 6px;
}
input[aria-invalid] { margin-bottom: 8px; border-color: var(--cw-danger); }
.error { display: flex; gap: 8px; margin: 0 0 16px; color: var(--cw-danger); }
.button {
  width: 100%;
  min-height: 44px;
  margin: 0;
  padding: 8px 16px;
  display: flex;
  align-items: center;
  justify-content: center;
  gap: 8px;
  font: inherit;
  font-size: 1rem;
  font-weight: 500;
  text-decoration: none;
  color: var(--cw-on-accent);
  background: var(--cw-accent);
  border: 1px solid transparent;
  border-radius: 6px;
  cursor: pointer;
}
a.button { margin-top: 24px; }
.button:hover { background: var(--cw-accent-hover); }
:focus-visible { outline: 2px solid var(--cw-accent); outline-offset: 2px; }
footer { grid-row: 3; padding: 16px 0; font-size: 0.75rem; color: var(--cw-muted); text-align: center; }
@media (max-width: 480px) {
  main { padding: 24px 20px; }
}
`;
