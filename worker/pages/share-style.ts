/**
 * The share page's style: the components' look (client/styles), of which the page has the tokens that it needs, with the
 * values of client/styles/tokens.css: test/worker/unit/share-style.test.ts compares them. The page loads nothing, so they
 * are in it.
 */
export const SHARE_STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f5f6f8, #101216);
  --cw-surface: light-dark(#ffffff, #181b20);
  --cw-raised: light-dark(#f0f2f5, #22262d);
  --cw-border: light-dark(#dde1e7, #2c313a);
  --cw-border-strong: light-dark(#8b93a1, #6b7382);
  --cw-text: light-dark(#1b1e25, #e8eaef);
  --cw-muted: light-dark(#5a6170, #a3aab8);
  --cw-accent: light-dark(#2f5bd7, #8fb0ff);
  --cw-accent-hover: light-dark(#2549b3, #abc4ff);
  --cw-on-accent: light-dark(#ffffff, #0e1630);
  --cw-accent-soft: light-dark(#eaf0fe, #1d2740);
  --cw-warning: light-dark(#8a5600, #f2bb5e);
  --cw-warning-soft: light-dark(#fdf4e3, #2e2411);
  --cw-danger: light-dark(#b3261e, #ff9c92);
  --cw-danger-soft: light-dark(#fdefee, #33191a);
  --cw-font: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  --cw-size-12: 0.75rem;
  --cw-size-14: 0.875rem;
  --cw-size-16: 1rem;
  --cw-size-20: 1.25rem;
  --cw-space-1: 4px;
  --cw-space-2: 8px;
  --cw-space-3: 12px;
  --cw-space-4: 16px;
  --cw-space-5: 20px;
  --cw-space-6: 24px;
  --cw-space-8: 32px;
  --cw-radius: 6px;
  --cw-radius-large: 10px;
  --cw-shadow: 0 1px 2px light-dark(rgb(20 25 40 / 6%), rgb(0 0 0 / 40%));
}
@media (prefers-contrast: more) {
  :root {
    --cw-surface: light-dark(#ffffff, #000000);
    --cw-border: var(--cw-border-strong);
    --cw-border-strong: light-dark(#000000, #ffffff);
    --cw-text: light-dark(#000000, #ffffff);
    --cw-muted: var(--cw-text);
    --cw-accent: light-dark(#0b3bb0, #bcd0ff);
  }
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
  padding: 0 var(--cw-space-4);
  background: var(--page);
  color: var(--cw-text);
  font: var(--cw-size-14) / 1.5 var(--cw-font);
}
main {
  grid-row: 2;
  width: 100%;
  max-width: 448px;
  padding: var(--cw-space-8);
  background: var(--cw-surface);
  border: 1px solid var(--cw-border);
  border-radius: var(--cw-radius-large);
  box-shadow: var(--cw-shadow);
}
.icon { width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; flex: none; }
.picture {
  width: 96px;
  height: 96px;
  margin-bottom: var(--cw-space-5);
  display: grid;
  place-items: center;
  overflow: hidden;
  background: var(--cw-raised);
  border-radius: var(--cw-radius);
  color: var(--cw-muted);
}
.picture img { width: 100%; height: 100%; object-fit: cover; }
.picture .icon { width: 40px; height: 40px; stroke-width: 0.9; }
.sign {
  display: grid;
  place-items: center;
  width: 48px;
  height: 48px;
  margin-bottom: var(--cw-space-4);
  border-radius: 50%;
  background: var(--cw-raised);
  color: var(--cw-muted);
}
.sign.busy { background: var(--cw-accent-soft); color: var(--cw-accent); }
.sign.warning { background: var(--cw-warning-soft); color: var(--cw-warning); }
.sign.danger { background: var(--cw-danger-soft); color: var(--cw-danger); }
.sign .icon { width: 24px; height: 24px; }
h1 { margin: 0; font-size: var(--cw-size-20); line-height: 1.3; font-weight: 600; overflow-wrap: anywhere; text-wrap: balance; }
h1.name { text-wrap: pretty; }
h1.long { font-size: var(--cw-size-16); line-height: 1.4; }
p { margin: var(--cw-space-2) 0 0; color: var(--cw-muted); }
dl { margin: var(--cw-space-5) 0 0; display: grid; grid-template-columns: max-content 1fr; gap: var(--cw-space-2) var(--cw-space-4); font-variant-numeric: tabular-nums; }
dt { color: var(--cw-muted); }
dd { margin: 0; }
form { margin: var(--cw-space-6) 0 0; }
label { display: block; margin-bottom: var(--cw-space-1); font-weight: 550; }
input {
  width: 100%;
  min-height: 44px;
  margin-bottom: var(--cw-space-4);
  padding: var(--cw-space-2) var(--cw-space-3);
  font: inherit;
  font-size: var(--cw-size-16);
  color: inherit;
  background: var(--cw-surface);
  border: 1px solid var(--cw-border-strong);
  border-radius: var(--cw-radius);
}
input[aria-invalid] { margin-bottom: var(--cw-space-2); border-color: var(--cw-danger); }
.error { display: flex; gap: var(--cw-space-2); margin: 0 0 var(--cw-space-4); color: var(--cw-danger); }
.button {
  width: 100%;
  min-height: 44px;
  margin: 0;
  padding: var(--cw-space-2) var(--cw-space-4);
  display: flex;
  align-items: center;
  justify-content: center;
  gap: var(--cw-space-2);
  font: inherit;
  font-size: var(--cw-size-16);
  font-weight: 550;
  text-decoration: none;
  color: var(--cw-on-accent);
  background: var(--cw-accent);
  border: 1px solid transparent;
  border-radius: var(--cw-radius);
  cursor: pointer;
}
a.button { margin-top: var(--cw-space-6); }
.button:hover { background: var(--cw-accent-hover); }
:focus-visible { outline: 2px solid var(--cw-accent); outline-offset: 2px; }
footer { grid-row: 3; padding: var(--cw-space-4) 0; font-size: var(--cw-size-12); color: var(--cw-muted); text-align: center; }
@media (max-width: 480px) {
  main { padding: var(--cw-space-6) var(--cw-space-5); }
}
`;
