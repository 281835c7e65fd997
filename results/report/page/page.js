// Draws the report from its data. Plain SVG, nothing is loaded.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const FIELDS = ["run", "id", "key", "strategy", "setting", "cost_model", "network", "seed", "validation", "test", "costs", "layers", "curve"];
data.points = data.points.map((values) => Object.fromEntries(values.map((v, i) => [FIELDS[i], v])));
const MOST_DRAWN = 5000; // dominated points in the picture
const COLOURS = ["#1f4e8c", "#c8641e", "#2f8f4e", "#8a4fa3", "#b8a00b", "#008b8b", "#7a3b2e", "#5b8ed6"];
const BITS = ["#f0ede6", "#e8d9b0", "#e3c46b", "#d9b04a", "#d08a3e", "#a8683f", "#7a5a6a", "#45507a", "#1f3a68"];
const SHAPES = [
  "M-6,0a6,6 0 1,0 12,0a6,6 0 1,0 -12,0", "M0,-7L7,0L0,7L-7,0Z", "M0,-7L7,6L-7,6Z",
  "M-5.5,-5.5H5.5V5.5H-5.5Z", "M0,7L7,-6L-7,-6Z", "M0,-7L7,-2L4,6L-4,6L-7,-2Z"];
const $ = (id) => document.getElementById(id);
const letter = (run) => String.fromCharCode(65 + run);
const nameOf = (p) => (data.runs.length > 1 ? letter(p.run) : "") + p.id;
const short = (v, digits = 4) => v === null || v === undefined ? "" : Number(v.toPrecision(digits)).toString();

function element(name, attributes, parent, text) {
  const svg = ["svg", "g", "path", "line", "text", "rect", "circle", "title", "polyline"].includes(name);
  const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) e.setAttribute(key, value);
  if (text !== undefined) e.textContent = text;
  if (parent) parent.append(e);
  return e;
}

// ---- what is shown ----
const state = { cost: Math.max(0, data.costs.findIndex((c) => c.name === data.column)), metric: "test", log: true, hidden: {}, chosen: null, sort: "cost", down: false };
const costOf = (p) => p.costs[state.cost] === null ? null : p.costs[state.cost] * data.costs[state.cost].scale;
const unit = () => data.costs[state.cost].shown;
const FILTERS = [["run", (p) => letter(p.run) + " " + data.runs[p.run].path], ["strategy", (p) => p.strategy], ["searched for", (p) => p.cost_model], ["network", (p) => p.network], ["seed", (p) => p.seed]];
function visible() {
  return data.points.filter((p) => costOf(p) > 0 && FILTERS.every(([name, of]) => !(state.hidden[name] || new Set()).has(of(p))));
}
// Chosen on validation: cheaper first, of equal cost the more accurate one.
function frontOf(points, accuracy = (p) => p.validation, cost = costOf) {
  const front = [];
  for (const p of [...points].sort((a, b) => cost(a) - cost(b) || accuracy(b) - accuracy(a) || a.id - b.id))
    if (!front.length || accuracy(p) > accuracy(front[front.length - 1])) front.push(p);
  return front;
}
function hypervolume(points, cost, box) {
  const x = (p) => Math.log(cost(p) / box.x0) / Math.log(box.x1 / box.x0), y = (p) => (p[state.metric] - box.y0) / (box.y1 - box.y0);
  let area = 0, reached = 0;
  for (const p of frontOf(points, (q) => q[state.metric], cost))
    if (y(p) > reached) { area += (1 - x(p)) * (y(p) - reached); reached = y(p); }
  return area;
}

// ---- axes ----
function ticks(low, high, log) {
  const out = [];
  if (log && high / low > 3) {
    for (let k = Math.floor(Math.log10(low)); k <= Math.log10(high); k++)
      for (const f of [1, 2, 5]) { const t = f * 10 ** k; if (t >= low && t <= high) out.push(t); }
    if (out.length > 2 && out.length < 10) return out;
    out.length = 0;
  }
  const rough = (high - low) / 6, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough);
  for (let t = Math.ceil(low / step) * step; t <= high + step * 1e-9; t += step) out.push(Number(t.toPrecision(10)));
  return out;
}
function frame(svg, w, h, x, y, below, beside) {
  const left = 62, bottom = 48, top = 12, right = 14;
  const px = (v) => left + (w - left - right) * (x.log ? Math.log(v / x.low) / Math.log(x.high / x.low) : (v - x.low) / (x.high - x.low));
  const py = (v) => h - bottom - (h - bottom - top) * (v - y.low) / (y.high - y.low);
  let last = -Infinity;
  for (const t of ticks(x.low, x.high, x.log)) {
    element("line", { x1: px(t), x2: px(t), y1: top, y2: h - bottom, stroke: "#e4e6ea" }, svg);
    if (px(t) - last > 34) { element("text", { x: px(t), y: h - bottom + 18, "text-anchor": "middle" }, svg, short(t)); last = px(t); }
  }
  for (const t of ticks(y.low, y.high, false)) {
    element("line", { x1: left, x2: w - right, y1: py(t), y2: py(t), stroke: "#e4e6ea" }, svg);
    element("text", { x: left - 6, y: py(t) + 4, "text-anchor": "end" }, svg, short(t));
  }
  element("path", { d: `M${left},${top}V${h - bottom}H${w - right}`, fill: "none", stroke: "#404650" }, svg);
  element("text", { x: (left + w) / 2, y: h - 6, "text-anchor": "middle" }, svg, below);
  element("text", { transform: `translate(14,${h / 2}) rotate(-90)`, "text-anchor": "middle" }, svg, beside);
  return { px, py, right: w - right };
}
function range(values, log) {
  let low = Infinity, high = -Infinity;
  for (const v of values) { low = Math.min(low, v); high = Math.max(high, v); }
  if (log) { const m = high > low * 1.000001 ? (high / low) ** 0.06 : 1.5; return { low: low / m, high: high * m, log }; }
  const m = high > low ? (high - low) * 0.06 : 1;
  return { low: low - m, high: high + m, log };
}
const bounds = (points, f) => points.reduce((r, p) => [Math.min(r[0], f(p)), Math.max(r[1], f(p))], [Infinity, -Infinity]);

// ---- the front ----
const series = [...new Set(data.points.map((p) => p.run + " " + p.strategy))];
const look = (p) => { const i = series.indexOf(p.run + " " + p.strategy); return { colour: COLOURS[i % COLOURS.length], shape: SHAPES[i % SHAPES.length] }; };
function describe(p) {
  return `point ${nameOf(p)}: ${p.strategy} ${p.setting}${p.cost_model !== "none" ? " for " + p.cost_model : ""}\n${p.network}, seed ${p.seed}\n` +
    `${short(costOf(p))} ${unit()}\nvalidation ${p.validation.toFixed(2)} %, test ${p.test.toFixed(2)} %`;
}
function drawFront() {
  const svg = $("front");
  svg.replaceChildren();
  const w = Math.max(320, Math.round(svg.clientWidth || 1100)), h = Math.round(Math.min(560, 240 + 0.3 * w)), points = visible();
  svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
  if (!points.length) { element("text", { x: 20, y: 40 }, svg, "No point passes the filters."); return; }
  const front = frontOf(points), onFront = new Set(front), published = data.published.filter((q) => q.column === data.costs[state.cost].name && state.metric === data.metric);
  const xs = [...bounds(points, costOf), ...published.map((q) => q.cost)];
  const ys = [...bounds(points, (p) => p[state.metric]), ...published.map((q) => q.accuracy)];
  const floats = data.floats[state.metric];
  if (floats !== null) ys.push(floats);
  const f = frame(svg, w, h, range(xs, state.log), range(ys, false), `${data.costs[state.cost].name} [${unit()}]${state.log ? ", logarithmic" : ""}`, `${state.metric} accuracy [%]`);
  if (floats !== null) {
    element("line", { x1: 62, x2: f.right, y1: f.py(floats), y2: f.py(floats), stroke: "#606060", "stroke-dasharray": "8 6" }, svg);
    element("text", { x: 70, y: f.py(floats) - 5 }, svg, `float network ${floats.toFixed(1)} %`);
  }
  let d = "", best = -Infinity;
  for (const p of front) if (p[state.metric] > best) { best = p[state.metric]; d += d ? `H${f.px(costOf(p))}V${f.py(best)}` : `M${f.px(costOf(p))},${f.py(best)}`; }
  const draw = (p, on) => {
    const m = element("path", { d: look(p).shape, transform: `translate(${f.px(costOf(p))},${f.py(p[state.metric])})${p === state.chosen ? " scale(1.7)" : ""}`, fill: on ? look(p).colour : "#fff", stroke: look(p).colour, "stroke-width": 1.4, class: "point", tabindex: 0 }, svg);
    m.addEventListener("mouseenter", (e) => showTip(e, describe(p)));
    m.addEventListener("focus", () => showTip({ pageX: m.getBoundingClientRect().x + scrollX, pageY: m.getBoundingClientRect().y + scrollY }, describe(p)));
    for (const end of ["mouseleave", "blur"]) m.addEventListener(end, () => { $("tip").hidden = true; });
    m.addEventListener("click", () => choose(p));
    m.addEventListener("keydown", (e) => { if (e.key === "Enter") choose(p); });
  };
  const below = points.filter((p) => !onFront.has(p)), step = Math.ceil(below.length / MOST_DRAWN);
  below.forEach((p, i) => { if (i % step === 0) draw(p, false); });
  element("path", { d: d + `H${f.right}`, fill: "none", stroke: "#1c2f4a", "stroke-width": 2.2 }, svg);
  for (const q of published) {
    const g = element("path", { d: "M-7,0H7M0,-7V7", transform: `translate(${f.px(q.cost)},${f.py(q.accuracy)})`, stroke: "#202020", "stroke-width": 2.4 }, svg);
    g.addEventListener("mouseenter", (e) => showTip(e, `${q.name} (published)\n${short(q.cost)} ${unit()}, ${q.accuracy.toFixed(2)} %`));
    g.addEventListener("mouseleave", () => { $("tip").hidden = true; });
  }
  front.forEach((p) => draw(p, true));
  $("key").replaceChildren();
  for (const s of series) {
    const p = data.points.find((q) => q.run + " " + q.strategy === s), span = element("span", {}, $("key"));
    element("path", { d: look(p).shape, fill: look(p).colour }, element("svg", { viewBox: "-8 -8 16 16", style: "width:1em;display:inline-block;vertical-align:-2px" }, span));
    span.append(" " + p.strategy + (data.runs.length > 1 ? ", run " + letter(p.run) : ""));
  }
  element("span", { class: "soft" }, $("key"), "filled: on the front, chosen by validation accuracy; + published" + (step > 1 ? `; of ${below.length} dominated points every ${step}th is drawn` : ""));
}
function showTip(e, text) {
  const tip = $("tip");
  tip.textContent = text;
  tip.hidden = false;
  tip.style.left = Math.max(0, Math.min(e.pageX + 12, document.documentElement.clientWidth - tip.offsetWidth - 8)) + "px";
  tip.style.top = e.pageY + 12 + "px";
}

// ---- which one to use ----
function answer() {
  const limit = Number($("limit").value), points = visible(), box = $("best");
  const within = points.filter((p) => !(limit > 0) || costOf(p) <= limit);
  if (!within.length) { box.textContent = `No point is within ${limit} ${unit()}. ` + (points.length ? `The cheapest has ${short(bounds(points, costOf)[0])} ${unit()}.` : ""); return; }
  const best = within.reduce((a, p) => p.validation > a.validation || (p.validation === a.validation && costOf(p) < costOf(a)) ? p : a);
  const same = points.filter((p) => p.run === best.run && p.strategy === best.strategy && p.setting === best.setting && p.cost_model === best.cost_model && p.network === best.network);
  const mean = same.reduce((s, p) => s + p.test, 0) / same.length, spread = Math.sqrt(same.reduce((s, p) => s + (p.test - mean) ** 2, 0) / Math.max(1, same.length - 1));
  box.replaceChildren();
  element("div", {}, box, describe(best).replaceAll("\n", "; "));
  element("div", { class: "soft" }, box, `The highest validation accuracy of ${within.length} points${limit > 0 ? ` with at most ${limit} ${unit()}` : ""}: being the best of them it is too high by chance. The test accuracy had no part in the choice. ` +
    (same.length > 1 ? `The same question with ${same.length} seeds: test accuracy ${mean.toFixed(2)} ± ${spread.toFixed(2)} % (standard deviation).` : "One seed only: how much another seed would differ is not known."));
  const link = element("code", {}, box, `bitfront export ${data.runs[best.run].path} --point ${best.key.slice(0, 8)} --format c --out network`);
  link.style.overflowWrap = "anywhere";
}

// ---- one point ----
function choose(p) { state.chosen = p; drawFront(); drawTable(); drawPoint(); }
function drawPoint() {
  const p = state.chosen;
  $("point").hidden = !p;
  if (!p) return;
  $("point-name").textContent = describe(p).split("\n").slice(0, 2).join(", ");
  const list = $("point-costs");
  list.replaceChildren();
  const head = element("tbody", {}, list);
  const row = (a, b) => { const r = element("tr", {}, head); element("td", { class: "text" }, r, a); element("td", {}, r, b); };
  row("validation accuracy", p.validation.toFixed(2) + " %");
  row("test accuracy", p.test.toFixed(2) + " %");
  p.costs.forEach((c, i) => { if (c !== null) row(data.costs[i].name, short(c * data.costs[i].scale, 5) + " " + data.costs[i].shown); });
  row("key begins", p.key);
  const bits = $("bits"), curve = $("curve");
  bits.replaceChildren();
  curve.replaceChildren();
  $("no-detail").hidden = !!p.layers;
  if (!p.layers) return;
  const h = 26 + 20 * p.layers.length;
  bits.setAttribute("viewBox", `0 0 540 ${h}`);
  p.layers.forEach((l, i) => {
    const all = l.channels.reduce((a, b) => a + b, 0);
    let x = 130;
    element("text", { x: 124, y: 20 * i + 15, "text-anchor": "end" }, bits, l.name);
    for (let b = 8; b >= 0; b--) {
      if (!l.channels[b]) continue;
      const w = 400 * l.channels[b] / all;
      const r = element("rect", { x, y: 20 * i + 2, width: w, height: 16, fill: BITS[b], stroke: "#606060", "stroke-width": 0.5 }, bits);
      element("title", {}, r, `${l.name}: ${l.channels[b]} of ${all} channels ${b ? "at " + b + " bit" : "pruned"}; input ${l.input} bit`);
      if (w > 26) element("text", { x: x + w / 2, y: 20 * i + 15, "text-anchor": "middle", style: b > 5 ? "fill:#fff" : "" }, bits, b || "–");
      x += w;
    }
  });
  element("text", { x: 130, y: h - 6 }, bits, "share of channels at each precision (– pruned)");
  if (p.curve.length < 2) return;
  const ys = p.curve.flatMap((e) => [e[1], e[2]]);
  const f = frame(curve, 540, 300, range([0, p.curve.length - 1], false), range(ys, false), "epoch, all stages", "accuracy [%]");
  for (const [k, colour, name] of [[1, "#9aa3ae", "training"], [2, "#1f4e8c", "validation"]]) {
    element("polyline", { points: p.curve.map((e, i) => `${f.px(i)},${f.py(e[k])}`).join(" "), fill: "none", stroke: colour, "stroke-width": 2 }, curve);
    element("text", { x: f.right, y: 300 - 52 - 18 * k, "text-anchor": "end", style: `fill:${colour}` }, curve, name);
  }
  p.curve.forEach((e, i) => { if (i && e[0] !== p.curve[i - 1][0]) { element("line", { x1: f.px(i - 0.5), x2: f.px(i - 0.5), y1: 12, y2: 252, stroke: "#888", "stroke-dasharray": "3 3" }, curve); element("text", { x: f.px(i - 0.5) + 3, y: 22 }, curve, e[0]); } });
}

// ---- table ----
const COLUMNS = [["id", (p) => nameOf(p), "text"], ["strategy", (p) => p.strategy, "text"], ["setting", (p) => p.setting, "text"], ["searched for", (p) => p.cost_model, "text"], ["network", (p) => p.network, "text"], ["seed", (p) => p.seed, "text"], ["cost", (p) => costOf(p)], ["validation %", (p) => p.validation], ["test %", (p) => p.test]];
const MOST_ROWS = 2000;
function drawTable() {
  const head = $("head"), body = $("body");
  head.replaceChildren();
  body.replaceChildren();
  for (const [name, , kind] of COLUMNS) {
    const th = element("th", { class: kind || "", "aria-sort": state.sort === name ? (state.down ? "descending" : "ascending") : "none" }, head);
    const b = element("button", {}, th, (name === "cost" ? `${data.costs[state.cost].name} [${unit()}]` : name) + (state.sort === name ? (state.down ? " ▾" : " ▴") : ""));
    b.addEventListener("click", () => { state.down = state.sort === name && !state.down; state.sort = name; drawTable(); });
  }
  const points = visible(), front = new Set(frontOf(points)), of = COLUMNS.find((c) => c[0] === state.sort)[1];
  points.sort((a, b) => { const x = of(a), y = of(b), o = typeof x === "number" ? x - y : String(x).localeCompare(String(y), undefined, { numeric: true }); return state.down ? -o : o; });
  for (const p of points.slice(0, MOST_ROWS)) {
    const tr = element("tr", { class: (front.has(p) ? "front " : "") + (p === state.chosen ? "chosen" : "") }, body);
    for (const [, get, kind] of COLUMNS) { const v = get(p); element("td", { class: kind || "" }, tr, typeof v === "number" ? short(v, 5) : v); }
    tr.addEventListener("click", () => choose(p));
  }
  $("rows").textContent = `${points.length} points${points.length > MOST_ROWS ? `, the first ${MOST_ROWS} are shown` : ""}; bold: on the front. A click on a heading sorts, on a row shows the point.`;
}

// ---- searched for A, judged on B ----
function drawCross() {
  const points = visible(), models = [...new Set(points.map((p) => p.cost_model))], table = $("cross");
  table.replaceChildren();
  const head = element("tr", {}, element("thead", {}, table)), body = element("tbody", {}, table);
  element("th", { class: "text" }, head, "searched for");
  const judged = data.costs.map((c, i) => [c.name, i]).filter(([, i]) => points.some((p) => p.costs[i] > 0));
  for (const [name] of judged) element("th", {}, head, name);
  for (const m of models) {
    const tr = element("tr", {}, body);
    element("td", { class: "text" }, tr, m === "none" ? "none (fixed)" : m);
    for (const [, i] of judged) {
      const cost = (p) => p.costs[i], with_cost = points.filter((p) => cost(p) > 0);
      const [x0, x1] = bounds(with_cost, cost), [y0, y1] = bounds(with_cost, (p) => p[state.metric]);
      element("td", {}, tr, x1 > x0 * 1.000001 && y1 > y0 ? hypervolume(with_cost.filter((p) => p.cost_model === m), cost, { x0, x1, y0, y1 }).toFixed(3) : "–");
    }
  }
}

// ---- schedule ----
function drawSchedule() {
  for (const [r, run] of data.runs.entries()) {
    const open = new Map(), bars = [];
    let end = 0, before = 0; // a sweep that was started again counts from 0 again
    for (const line of run.log) {
      let e;
      try { e = JSON.parse(line); } catch { continue; }
      if (e.event === "sweep_started") { before = end; open.clear(); }
      if (typeof e.at !== "number") continue;
      const at = before + e.at;
      end = Math.max(end, at);
      if (e.event === "task_started") open.set(e.key, at);
      else if (open.has(e.key)) { bars.push({ from: open.get(e.key), to: at, name: e.label }); open.delete(e.key); }
    }
    if (!bars.length) continue;
    const lanes = [];
    for (const b of bars.sort((a, c) => a.from - c.from)) { let l = lanes.findIndex((t) => t <= b.from + 1e-9); if (l < 0) { l = lanes.length; lanes.push(0); } lanes[l] = b.to; b.lane = l; }
    const h = 50 + 18 * lanes.length, div = $("schedule");
    const busy = bars.reduce((s, b) => s + b.to - b.from, 0) / (lanes.length * end);
    element("p", {}, div, `${data.runs.length > 1 ? "Run " + letter(r) + ": " : ""}${bars.length} tasks in ${short(end)} s on up to ${lanes.length} ${lanes.length > 1 ? "groups" : "group"} at a time, busy ${(100 * busy).toFixed(1)} % of it.`);
    const w = Math.max(320, Math.round(div.clientWidth || 1100)), svg = element("svg", { viewBox: `0 0 ${w} ${h}` }, div), x = (t) => 10 + (w - 20) * t / end;
    for (const t of ticks(0, end, false)) { element("line", { x1: x(t), x2: x(t), y1: 0, y2: h - 30, stroke: "#e4e6ea" }, svg); element("text", { x: x(t), y: h - 12, "text-anchor": "middle" }, svg, short(t) + " s"); }
    for (const b of bars) element("title", {}, element("rect", { x: x(b.from), y: 18 * b.lane + 2, width: Math.max(1, x(b.to) - x(b.from)), height: 14, fill: "#5b8ed6", stroke: "#fff", "stroke-width": 0.6 }, svg), `${b.name}: ${short(b.from)} s to ${short(b.to)} s`);
  }
  if (!$("schedule").children.length) element("p", { class: "soft" }, $("schedule"), "The logs of these runs tell no schedule.");
}

// ---- start ----
function redraw() { drawFront(); drawTable(); drawCross(); drawPoint(); answer(); $("limit-unit").textContent = unit(); }
data.costs.forEach((c, i) => element("option", { value: i }, $("cost"), `${c.name}: ${c.description}`));
addEventListener("resize", drawFront);
$("cost").value = state.cost;
$("cost").addEventListener("change", () => { state.cost = Number($("cost").value); $("limit").value = ""; redraw(); });
$("metric").value = state.metric;
$("metric").addEventListener("change", () => { state.metric = $("metric").value; redraw(); });
$("log").addEventListener("change", () => { state.log = $("log").checked; redraw(); });
$("limit").addEventListener("input", answer);
for (const [name, of] of FILTERS) {
  const values = [...new Set(data.points.map(of))].sort((a, b) => String(a).localeCompare(String(b), undefined, { numeric: true }));
  if (values.length < 2) continue;
  const set = element("fieldset", {}, $("filters"));
  element("legend", {}, set, name);
  for (const v of values.slice(0, 40)) {
    const label = element("label", {}, set), box = element("input", { type: "checkbox", checked: "" }, label);
    label.append(v + " ");
    box.addEventListener("change", () => { state.hidden[name] = state.hidden[name] || new Set(); box.checked ? state.hidden[name].delete(v) : state.hidden[name].add(v); redraw(); });
  }
}
if (data.costs.length) { redraw(); drawSchedule(); }
