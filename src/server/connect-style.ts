/** The style sheet of the connect pages, and the policy that allows exactly it and nothing else. */
import { createHash } from 'node:crypto';

/** Light and dark by what the browser says; the brand is the provider's, so ours is quiet. */
export const connectStyle = `
:root {
  color-scheme: light dark;
  --ground: #f3f4f6; --card: #ffffff; --text: #111827; --soft: #4b5563; --line: #d5d9e0; --control: #8b93a1;
  --field: #ffffff; --accent: #4338ca; --accent-over: #3730a3; --on-accent: #ffffff; --ring: #818cf8;
  --bad: #b42318; --bad-ground: #fef3f2; --good: #067647; --good-ground: #ecfdf3; --tile: #eef2ff; --tile-text: #4338ca;
  --shadow: 0 1px 2px rgb(16 24 40 / 6%), 0 12px 32px -8px rgb(16 24 40 / 14%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0b0d12; --card: #151922; --text: #f3f4f6; --soft: #aab2c0; --line: #2a303c; --control: #6b7484;
    --field: #0f131a; --accent: #a5b4fc; --accent-over: #c7d2fe; --on-accent: #14143a; --ring: #6366f1;
    --bad: #fda29b; --bad-ground: #2c1614; --good: #75e0a7; --good-ground: #0c2a1c; --tile: #23263f; --tile-text: #c7d2fe;
    --shadow: 0 1px 2px rgb(0 0 0 / 40%), 0 16px 40px -8px rgb(0 0 0 / 60%);
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; grid-template-rows: 1fr auto; gap: 1.5rem;
  justify-items: center; align-items: center; padding: 2rem 1rem 1.25rem; background: var(--ground); color: var(--text);
  font: 400 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main {
  width: 100%; max-width: 28rem; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: 16px; box-shadow: var(--shadow); overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25; font-weight: 650; letter-spacing: -0.015em; text-wrap: balance; }
p { margin: 0; }
a { color: var(--accent); text-underline-offset: 0.15em; }
a:hover { color: var(--accent-over); }
.lead { margin-top: 0.5rem; color: var(--soft); }
.logo, .tile {
  display: grid; place-items: center; width: 3rem; height: 3rem; margin-bottom: 1.25rem; border-radius: 12px;
}
.logo { object-fit: contain; padding: 0.375rem; background: #ffffff; border: 1px solid var(--line); }
.tile { background: var(--tile); color: var(--tile-text); font-size: 1.25rem; font-weight: 650; }
.good { background: var(--good-ground); color: var(--good); border-radius: 50%; }
.bad { background: var(--bad-ground); color: var(--bad); border-radius: 50%; }
.tile svg { width: 1.5rem; height: 1.5rem; }
form { margin-top: 1.5rem; display: grid; gap: 1.25rem; }
.field { display: grid; gap: 0.375rem; min-width: 0; }
label, legend { font-weight: 550; font-size: 0.9375rem; }
.optional { color: var(--soft); font-weight: 400; }
.hint { color: var(--soft); font-size: 0.875rem; }
.problem { color: var(--bad); font-size: 0.875rem; font-weight: 550; }
input:not([type="checkbox"]), select, textarea {
  width: 100%; min-height: 2.75rem; padding: 0.5rem 0.75rem; font: inherit; color: var(--text);
  background: var(--field); border: 1px solid var(--control); border-radius: 9px;
}
textarea { resize: vertical; line-height: 1.45; }
textarea, input[type="password"] { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.9375rem; }
::placeholder { color: var(--soft); opacity: 0.8; }
input[aria-invalid], select[aria-invalid], textarea[aria-invalid] { border-color: var(--bad); box-shadow: inset 0 0 0 1px var(--bad); }
.choose { position: relative; }
.choose select { appearance: none; padding-right: 2.25rem; text-overflow: ellipsis; }
.choose::after {
  content: ""; position: absolute; right: 1rem; top: 50%; width: 0.5rem; height: 0.5rem; pointer-events: none;
  border: solid var(--soft); border-width: 0 2px 2px 0; transform: translateY(-70%) rotate(45deg);
}
.suffixed { display: flex; align-items: center; gap: 0.5rem; }
.suffixed input { flex: 1; min-width: 0; }
.suffixed span { color: var(--soft); font-size: 0.9375rem; }
.tick { display: flex; gap: 0.625rem; align-items: flex-start; padding: 0.125rem 0; }
.tick input { flex: none; width: 1.25rem; height: 1.25rem; margin: 0.125rem 0 0; accent-color: var(--accent); }
.tick label { font-weight: 450; }
.tick ~ .hint, .tick ~ .problem { margin-left: 1.875rem; }
.lead strong { color: var(--text); font-weight: 600; }
.group {
  display: grid; gap: 1rem; min-width: 0; margin: 0; padding: 0.5rem 1rem 1.125rem; border: 1px solid var(--line);
  border-radius: 12px;
}
.group legend { padding: 0 0.375rem; margin-left: -0.375rem; }
.group > .tick { margin-top: -0.5rem; }
.alert {
  margin-top: 1.5rem; padding: 0.875rem 1rem; background: var(--bad-ground); color: var(--text);
  border: 1px solid var(--bad); border-left-width: 4px; border-radius: 10px;
}
.alert h2 { margin: 0; color: var(--bad); font-size: 1rem; line-height: 1.4; }
.alert p, .alert ul { margin: 0.25rem 0 0; font-size: 0.9375rem; }
.alert ul { padding-left: 1.125rem; }
.alert a { color: inherit; }
button, .button {
  display: inline-flex; align-items: center; justify-content: center; width: 100%; min-height: 2.875rem;
  padding: 0.625rem 1.25rem; font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 1px solid transparent; border-radius: 10px;
}
button:hover, .button:hover { background: var(--accent-over); color: var(--on-accent); }
.button { margin-top: 1.5rem; }
:is(a, button, input, select, textarea, fieldset, .alert):focus-visible {
  outline: 3px solid var(--ring); outline-offset: 2px;
}
.assurance { display: flex; gap: 0.5rem; color: var(--soft); font-size: 0.8125rem; line-height: 1.4; }
.assurance svg { flex: none; width: 1rem; height: 1rem; margin-top: 0.0625rem; }
.close { margin-top: 1.5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--soft); font-size: 0.9375rem; }
.reference { margin-top: 1.25rem; color: var(--soft); font-size: 0.8125rem; }
.reference code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
footer { color: var(--soft); font-size: 0.8125rem; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 30rem) {
  body { padding: 0; gap: 0; align-items: stretch; background: var(--card); }
  main { max-width: none; border: 0; border-radius: 0; box-shadow: none; padding: 1.75rem 1.25rem; }
  footer { padding: 1rem; }
}
@media (prefers-contrast: more) { :root { --line: CanvasText; --control: CanvasText; --soft: CanvasText; } }
@media (forced-colors: active) { button, .button, .tile { border: 1px solid; } }
`;

const styleHash = createHash('sha256').update(connectStyle).digest('base64');

/**
 * The Content-Security-Policy: nothing runs, nothing is fetched, nobody frames the page. Only a page with a form may post,
 * and only to us. Chromium holds every redirect that follows a post to `form-action` as well, the provider's own to its
 * sign-in pages included; so a post never ends in a redirect to another origin (see `onwardPage`).
 */
export function connectPolicy(hasForm: boolean): string {
  return (
    `default-src 'none'; style-src 'sha256-${styleHash}'; img-src data:; base-uri 'none'; ` +
    `form-action ${hasForm ? "'self'" : "'none'"}; frame-ancestors 'none'`
  );
}
