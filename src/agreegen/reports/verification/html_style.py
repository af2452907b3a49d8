"""The style sheet of the HTML report: system fonts, no network, sensible on paper."""

from __future__ import annotations

STYLE = """
:root{--good:#1b7a3d;--bad:#b3261e;--doubt:#8a5a00;--line:#d9dce1;--ink:#1d2127;--soft:#5b6470}
*{box-sizing:border-box}
body{margin:0;background:#f4f5f7;color:var(--ink);
font:16px/1.6 "Noto Sans SC","Noto Sans CJK SC","Microsoft YaHei","PingFang SC",system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px 20px 48px}
h1{font-size:1.6rem;margin:.2em 0}
.when,.about,.hash,.legend{color:var(--soft);margin:.2em 0}
.counts{list-style:none;display:flex;flex-wrap:wrap;gap:10px;padding:0;margin:14px 0 20px}
.counts li{background:#fff;border:1px solid var(--line);border-left:6px solid var(--soft);
border-radius:6px;padding:6px 14px}
.counts b{font-size:1.25rem}
.counts .valid{border-left-color:var(--good)}
.counts .invalid{border-left-color:var(--bad)}
.counts .open,.counts .indeterminate,.counts .unsigned,.counts .unreadable{border-left-color:#d59b21}
.overview{background:#fff;border:1px solid var(--line);border-radius:8px;margin:0 0 18px;
padding:8px 16px;overflow-x:auto}
.overview table{width:100%}
.overview td{padding:3px 18px 3px 0;border-top:1px solid var(--line);vertical-align:top}
.overview td:nth-child(2){min-width:20em}
.overview td:first-child{color:var(--doubt);white-space:nowrap}
.overview .valid td:first-child{color:var(--good)}
.overview .open td:first-child{color:var(--doubt)}
.overview .invalid td:first-child{color:var(--bad);font-weight:700}
.overview a{color:inherit}
.file{background:#fff;border:1px solid var(--line);border-radius:8px;margin:0 0 18px;
padding:0 20px 14px;overflow:hidden}
.file header{margin:0 -20px 10px;padding:12px 20px;border-bottom:1px solid var(--line);
border-left:8px solid #d59b21;background:#fffaf0}
.file.valid header{border-left-color:var(--good);background:#f1faf4}
.file.open header{border-left-color:#d59b21;background:#fffaf0}
.file.invalid header{border-left-color:var(--bad);background:#fdf3f2}
.verdict{font-weight:700;font-size:1.15rem;color:var(--doubt)}
.valid .verdict{color:var(--good)}
.open .verdict{color:var(--doubt)}
.invalid .verdict{color:var(--bad)}
h2{font-size:1rem;font-weight:500;margin:0;overflow-wrap:anywhere}
h3{font-size:1rem;margin:.7em 0 .1em}
h4{font-size:.95rem;margin:1em 0 .3em}
ul{margin:.2em 0 .6em;padding-left:1.3em}
.fails li::marker{color:var(--bad)}
.holds li::marker{color:var(--good)}
.advice{background:#eef4ff;border-radius:6px;padding:2px 14px;margin:.6em 0}
.note{background:#fff8e1;border:1px solid #ecd9a0;border-radius:6px;padding:6px 12px}
details{border-top:1px solid var(--line);margin-top:10px;padding-top:6px}
summary{cursor:pointer;color:var(--soft)}
table{border-collapse:collapse;font-size:.88rem}
th{text-align:left;font-weight:500;color:var(--soft);padding:2px 18px 2px 0;
vertical-align:top;white-space:nowrap}
td{padding:2px 0;overflow-wrap:anywhere}
code{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.86em;overflow-wrap:anywhere}
td.good{color:var(--good)} td.bad{color:var(--bad);font-weight:600} td.doubt{color:var(--doubt)}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:12px;margin:8px 0}
.pair>p{grid-column:1/-1;margin:0;color:var(--soft)}
figure{margin:0;border:1px solid var(--line);border-radius:4px;padding:6px;background:#fafbfc}
figcaption{font-size:.85rem;color:var(--soft)}
figure img{width:100%;max-width:max-content;height:auto;display:block;background:#fff}
.legend{font-size:.88rem;border-top:1px solid var(--line);padding-top:10px}
@media (max-width:640px){
.overview thead{display:none}
.overview tr{display:block;border-top:1px solid var(--line);padding:6px 0}
.overview td,.overview td:nth-child(2){display:block;border:0;padding:0;min-width:0}
}
@media print{
body{background:#fff;font-size:9.5pt;line-height:1.45}
.overview table{font-size:8.5pt}
.overview td:nth-child(2){min-width:0}
main{max-width:none;padding:0}
.file{border-radius:0}
.file header,h3{break-after:avoid}
.advice,li,tr{break-inside:avoid}
.file{break-inside:avoid-page}
.overview{overflow:visible;padding:0;border:0}
.overview a{text-decoration:none}
.pages,.pair{break-inside:avoid}
details:not([open]){display:none}
@page{size:A4;margin:16mm}
}
"""
