// What the views of the report share. Nothing is loaded; D3, when the page carries it, zooms the front.
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const FIELDS = ["run", "id", "key", "strategy", "setting", "cost_model", "network", "seed", "validation", "test", "costs", "layers", "curve"];
data.points = data.points.map((values) => Object.fromEntries(values.map((v, i) => [FIELDS[i], v])));
const COLOURS = ["#1f4e8c", "#c8641e", "#2f8f4e", "#8a4fa3", "#b8a00b", "#008b8b", "#7a3b2e", "#5b8ed6"];
const SHAPES = [
  "M-6,0a6,6 0 1,0 12,0a6,6 0 1,0 -12,0", "M0,-7L7,0L0,7L-7,0Z", "M0,-7L7,6L-7,6Z",
  "M-5.5,-5.5H5.5V5.5H-5.5Z", "M0,7L7,-6L-7,-6Z", "M0,-7L7,-2L4,6L-4,6L-7,-2Z"];
const $ = (id) => document.getElementById(id);
const letter = (run) => String.fromCharCode(65 + run);
const nameOf = (p) => (data.runs.length > 1 ? letter(p.run) : "") + p.id;
const short = (v, digits = 4) => v === null || v === undefined ? "" : Number(v.toPrecision(digits)).toString();

function element(name, attributes, parent, text) {
  const svg = ["svg", "g", "path", "line", "text", "rect", "circle", "title", "polyline", "clipPath"].includes(name);
  const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) e.setAttribute(key, value);
  if (text !== undefined) e.textContent = text;
  if (parent) parent.append(e);
  return e;
}

// ---- what is shown ----
const state = { cost: Math.max(0, data.costs.findIndex((c) => c.name === data.column)), metric: "test", log: true, zoom: null, hidden: {}, chosen: null, sort: "cost", down: false };
const costOf = (p) => p.costs[state.cost] === null ? null : p.costs[state.cost] * data.costs[state.cost].scale;
const unit = () => data.costs[state.cost].shown;
// What a cost is, in words: the first clause of its description.
const label = (c) => c.name === "size_bits" ? "model size" : c.description.split(",")[0] || c.name;
const FILTERS = [["run", (p) => letter(p.run) + " " + data.runs[p.run].path], ["strategy", (p) => p.strategy], ["searched for", (p) => p.cost_model], ["network", (p) => p.network], ["seed", (p) => p.seed]];
function visible() {
  return data.points.filter((p) => costOf(p) !== null && FILTERS.every(([name, of]) => !(state.hidden[name] || new Set()).has(of(p))));
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

// ---- how points look ----
const series = [...new Set(data.points.map((p) => p.run + " " + p.strategy))];
const look = (p) => { const i = series.indexOf(p.run + " " + p.strategy); return { colour: COLOURS[i % COLOURS.length], shape: SHAPES[i % SHAPES.length] }; };
function describe(p) {
  return `point ${nameOf(p)}: ${p.strategy} ${p.setting}${p.cost_model !== "none" ? " for " + p.cost_model : ""}\n${p.network}, seed ${p.seed}\n` +
    `${short(costOf(p))} ${unit()}\nvalidation ${p.validation.toFixed(2)} %, test ${p.test.toFixed(2)} %`;
}
function showTip(e, text) {
  const tip = $("tip");
  tip.textContent = text;
  tip.hidden = false;
  tip.style.left = Math.max(0, Math.min(e.pageX + 12, document.documentElement.clientWidth - tip.offsetWidth - 8)) + "px";
  tip.style.top = e.pageY + 12 + "px";
}

// ---- the views ----
// Each may say what it does at the start, when the choice of points or axes has changed (true: the cost, too), and when
// a point is chosen.
const views = [];
const view = (v) => views.push(v);
function redraw(costChanged = false) { for (const v of views) v.redraw?.(costChanged); }
function choose(p) { state.chosen = p; for (const v of views) v.choose?.(); }
function startViews() { if (!data.costs.length) return; redraw(); for (const v of views) v.start?.(); }
