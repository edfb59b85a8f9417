import { createHash } from 'node:crypto'

/** The one stylesheet of our pages. It stands in the page, so that a page needs nothing but itself. */
export const pageStyle = `
:root{color-scheme:light dark;--paper:#f7f6f2;--card:#fffefb;--ink:#1f2328;--soft:#5b636d;--line:#e3dfd5;--accent:#0f5f5a;--tint:#e8f0ee;--warm:#9a4a12;--warm-tint:#faeee2;--code:#f1eee6}
@media (prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1b1f23;--ink:#e8e6e1;--soft:#a0a8b0;--line:#2c3238;--accent:#7cc4bb;--tint:#1c2b2b;--warm:#eaa771;--warm-tint:#2e2318;--code:#101315}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif}
a{color:var(--accent);text-underline-offset:.18em;text-decoration-thickness:1px}
a:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:3px}
header,main,footer{max-width:43rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:2.25rem;padding-bottom:2.75rem}
header a{display:inline-flex;align-items:center;gap:.6rem;color:var(--soft);text-decoration:none;font-size:.95rem;letter-spacing:.01em}
header svg{width:1.5rem;height:1.5rem;color:var(--accent)}
.code{display:flex;flex-wrap:wrap;gap:.4rem .6rem;align-items:center;margin:0 0 .9rem;color:var(--soft);font-size:.9rem}
.status{background:var(--warm-tint);color:var(--warm);border-radius:99rem;padding:.1rem .7rem;font-variant-numeric:tabular-nums;font-weight:600}
h1{font-size:clamp(1.65rem,1.2rem + 2.2vw,2.25rem);line-height:1.22;letter-spacing:-.015em;margin:0 0 1rem;font-weight:650;text-wrap:balance}
.lead{font-size:1.125rem;color:var(--soft);margin:0 0 2rem;text-wrap:pretty}
section{background:var(--card);border:1px solid var(--line);border-radius:.85rem;padding:1.35rem 1.5rem;margin:0 0 1.1rem}
section.now{background:var(--tint);border-color:transparent}
h2{font-size:.95rem;margin:0 0 .45rem;font-weight:650;color:var(--accent)}
section p{margin:0;text-wrap:pretty}
section p+p,section p+pre{margin-top:.85rem}
.id{color:var(--soft);font-size:.9rem}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.875em}
section p:not(.id) code{background:var(--code);border-radius:.3rem;padding:.1em .35em}
pre{background:var(--code);border-radius:.55rem;padding:.8rem 1rem;margin:0;line-height:1.55;white-space:pre-wrap;overflow-wrap:anywhere;tab-size:2}
pre span{display:block;padding-left:1.4em;text-indent:-1.4em}
bdi{overflow-wrap:anywhere}
ul{list-style:none;margin:0;padding:0}
li+li{border-top:1px solid var(--line)}
li a{display:flex;justify-content:space-between;align-items:baseline;gap:1rem;padding:.7rem 0;color:inherit;text-decoration:none}
li a:hover b{text-decoration:underline;text-decoration-color:var(--accent)}
li:first-child a{padding-top:.3rem}li:last-child a{padding-bottom:.1rem}
li b{font-weight:500}
li code{display:block;color:var(--soft);font-size:.8rem}
li span{color:var(--soft);font-variant-numeric:tabular-nums;font-size:.9rem}
footer{padding-top:1.4rem;padding-bottom:3rem;color:var(--soft);font-size:.9rem}
@media (max-width:30rem){header,main,footer{padding-left:1.1rem;padding-right:1.1rem}header{padding-top:1.4rem;padding-bottom:1.8rem}section{padding:1.1rem 1.15rem}}
@media print{body{background:#fff}section{break-inside:avoid}}
`

/** Nothing but that stylesheet: no script, no request, no frame, no form. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(pageStyle).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')
