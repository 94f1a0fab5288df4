/**
 * The gaps between chunks along the time of a recording: an SVG with a row a lane, on one axis and one scale. A taller
 * bar is a longer gap; a stall is a block. Waits before the first token, retries, the first token and the end show too.
 */
const SVG = "http://www.w3.org/2000/svg";
const COLUMNS = 600;
const SCALE = 100; // a row's bars live in a viewBox of COLUMNS × SCALE
const FLOOR_US = 1000;
const STEPS_US = [20_000, 60_000, 200_000, 1_000_000]; // as in history/gaps.py
const ROW_PX = { 1: 56, 2: 32, 3: 26 };

export function drawWaveform(lanes, end) {
  const height = ROW_PX[lanes.length] ?? 20;
  const svg = make("svg", { width: "100%", height: height * lanes.length, "aria-hidden": "true" });
  const rows = lanes.map((lane) => gapsOf(lane));
  const longest = Math.max(FLOOR_US * 100, ...rows.flatMap((gaps) => gaps.map(([from, to]) => to - from)));
  lanes.forEach((lane, i) => svg.append(...drawRow(lane, rows[i], { y: i * height, height: height - 4, end, longest })));
  return svg;
}

/** `[from, to]` between chunks of one attempt. */
function gapsOf(lane) {
  const gaps = [];
  let before = null;
  for (const [t, kind] of lane.events) {
    if (kind === "attempt.started") before = null;
    if (kind !== "chunk") continue;
    if (before !== null) gaps.push([before, t]);
    before = t;
  }
  return gaps;
}

function drawRow(lane, gaps, { y, height, end, longest }) {
  const at = (t) => `${(100 * t) / end}%`;
  const block = (name, from, to) =>
    make("rect", { class: `waveform__${name}`, x: at(from), width: at(to - from), y: y + 2, height, rx: 2 });
  const line = (name, t) => make("line", { class: `waveform__${name}`, x1: at(t), x2: at(t), y1: y + 2, y2: y + 2 + height });
  const parts = [block("track", 0, lane.end)];
  const first = lane.events.find(([, kind]) => kind === "chunk")?.[0];
  for (const [from, to] of retries(lane)) parts.push(block("retry", from, to));
  const plot = make("svg", { x: 0, y: y + 2, width: "100%", height, viewBox: `0 0 ${COLUMNS} ${SCALE}`, preserveAspectRatio: "none" });
  plot.append(...drawGaps(gaps, end, longest));
  parts.push(plot);
  if (first !== undefined) parts.push(line("first", first));
  parts.push(line(["completed", "streaming"].includes(lane.status) ? "end" : "end waveform__end--bad", lane.end));
  return parts;
}

function retries(lane) {
  const found = [];
  let failed = null;
  for (const [t, kind] of lane.events) {
    if (kind === "attempt.failed") failed = t;
    if (kind !== "attempt.started" || failed === null) continue;
    found.push([failed, t]);
    failed = null;
  }
  return found;
}

/** One path for each tint; a column shows the longest gap that touches it. */
function drawGaps(gaps, end, longest) {
  const columns = new Float64Array(COLUMNS).fill(-1);
  for (const [from, to] of gaps) {
    const first = Math.min(COLUMNS - 1, Math.floor((from * COLUMNS) / end));
    const last = Math.min(COLUMNS - 1, Math.max(first, Math.ceil((to * COLUMNS) / end) - 1));
    for (let i = first; i <= last; i += 1) columns[i] = Math.max(columns[i], to - from);
  }
  const paths = new Map();
  for (let i = 0; i < COLUMNS; i += 1) {
    if (columns[i] < 0) continue;
    const share = Math.log(Math.max(columns[i], FLOOR_US) / FLOOR_US) / Math.log(longest / FLOOR_US);
    const top = (SCALE * (1 - Math.max(0.06, share))).toFixed(1);
    const step = STEPS_US.filter((limit) => columns[i] >= limit).length;
    paths.set(step, `${paths.get(step) ?? ""}M${i} ${SCALE}V${top}h1V${SCALE}z`);
  }
  return [...paths].map(([step, d]) => make("path", { class: `tl-gap tl-gap--${step}`, d }));
}

export function make(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
