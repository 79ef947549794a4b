// A chart over the hours of a day: bars, stacked or not, and lines, with a legend that tells the
// hour under the pointer; and the same figures as a table, for whoever prefers to read them.
import uPlot from "uplot";
import { html, signal, useEffect, useLayoutEffect, useRef, useState } from "../html.js";
import { language, t } from "../words/index.js";

export const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const two = (number) => String(number).padStart(2, "0");
export const hourWords = (hour) => `${two(hour)}:00–${two(hour + 1)}:00`;
const AXIS = 52, NARROW = 420, FONT = "12px system-ui, sans-serif";

// The colours are those of the style sheet, which a canvas does not follow by itself.
const dark = matchMedia("(prefers-color-scheme: dark)");
const scheme = signal(dark.matches);
dark.addEventListener("change", () => { scheme.value = dark.matches; });

// Bars that stand on each other are drawn from the whole to the part.
function stacked(lines) {
  const bars = lines.filter((line) => line.kind === "bars");
  const sums = bars.map((_, index) => HOURS.map((hour) => {
    const parts = bars.slice(0, index + 1).map((line) => line.values[hour]);
    return parts.every((value) => value == null) ? null : parts.reduce((a, b) => a + (b || 0), 0);
  }));
  return { lines: bars.toReversed(), columns: sums.toReversed() };
}
const columnsOf = (lines, stack) => (stack ? stacked(lines)
  : { lines, columns: lines.map((line) => line.values) });

function series(line, colour) {
  const common = { stroke: colour, label: line.label, width: 2 };
  if (line.kind === "bars") return { ...common, width: 0, fill: colour, points: { show: false }, paths: uPlot.paths.bars({ size: [0.66, 34] }) };
  if (line.kind === "dots") return { ...common, paths: () => null, points: { show: true, size: 7, width: 2, stroke: colour } };
  return { ...common, dash: line.kind === "dashed" ? [5, 4] : undefined, spanGaps: true,
    points: { show: line.kind === "line", size: 5, stroke: colour, fill: colour } };
}

function drawing(box, lines, scale, onHour) {
  const colours = lines.map((line) => getComputedStyle(box.parentElement.querySelector(`[data-line="${line.id}"] .swatch`)).color);
  const { color: soft, borderTopColor: grid } = getComputedStyle(box);
  const every = (width) => (width < NARROW ? 4 : 2);
  return new uPlot({
    width: box.clientWidth, height: box.clientHeight, padding: [10, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false, setScale: false }, points: { size: 7 } },
    scales: { x: { time: false, range: [-0.6, 23.6] }, y: { range: (_, low, high) => [0, Math.max(high || 0, 1) * 1.08], ...scale.y } },
    axes: [
      { stroke: soft, font: FONT, size: 22, grid: { show: false }, ticks: { show: false },
        splits: (chart) => HOURS.filter((hour) => hour % every(chart.width) === 0), values: (_, found) => found },
      { stroke: soft, font: FONT, size: AXIS, grid: { stroke: grid, width: 1 }, ticks: { show: false }, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000],
        space: 26, ...scale.axis },
    ],
    series: [{}, ...lines.map((line, index) => series(line, colours[index]))],
    hooks: { setCursor: [(chart) => onHour(chart.cursor.idx ?? null)] },
  }, null, box);
}

function Canvas({ lines, stack, scale, label, onHour }) {
  const box = useRef(null), chart = useRef(null);
  const drawn = columnsOf(lines, stack);
  const data = [HOURS, ...drawn.columns];
  const made = `${drawn.lines.map((line) => line.id)} ${language.value} ${scheme.value}`;
  useLayoutEffect(() => {
    const one = chart.current = drawing(box.current, drawn.lines, scale, onHour);
    const sized = new ResizeObserver(() => one.setSize({ width: box.current.clientWidth, height: box.current.clientHeight }));
    sized.observe(box.current);
    return () => { sized.disconnect(); one.destroy(); onHour(null); };
  }, [made]);
  useEffect(() => { chart.current.setData(data); }, [made, JSON.stringify(data)]);
  return html`<div class="chart-box" ref=${box} role="img" aria-label=${label}></div>`;
}

function Figures({ lines, hours, title }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${title}><table>
    <thead><tr><th scope="col">${t("charts.hour")}</th>${lines.map((line) => html`<th key=${line.id} scope="col">${line.label}</th>`)}</tr></thead>
    <tbody>${HOURS.slice(0, hours).map((hour) => html`<tr key=${hour}><th scope="row">${hourWords(hour)}</th>
      ${lines.map((line) => html`<td key=${line.id}>${line.words(line.values[hour])}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

// `lines`: {id, label, kind, values, words}: kind is bars, line, dashed or dots; `values` by hour,
// null where there is none; `words(value)` for people. `hours`: how many have begun. `rows`: what
// the table has instead of the lines. `label`: what the picture says, in a sentence.
export function Chart({ id, title, lines: given, rows = given, hours, stack = false, scale = {}, label, none }) {
  const lines = given.filter((line, index) => !index || line.values.some((value) => value != null));
  const [table, setTable] = useState(false), [hour, setHour] = useState(null);
  const empty = lines.every((line) => line.values.every((value) => !value));
  return html`<section class="chart" aria-labelledby=${`${id}-title`} data-chart=${id}>
    <header><h2 id=${`${id}-title`}>${title}</h2> ${!table && hour !== null && html`<span class="hour">${hourWords(hour)}</span>`}
      <button type="button" class="plain" onClick=${() => setTable(!table)}>${t(table ? "charts.as_chart" : "charts.as_table")}</button></header>
    ${table ? html`<${Figures} lines=${rows} hours=${hours} title=${title} />` : html`
      <ul class="legend">${lines.map((line) => html`<li key=${line.id} data-line=${line.id}><i class=${`swatch ${line.kind}`} aria-hidden="true"></i> ${line.label}
        ${hour !== null && html` <b>${line.words(line.values[hour])}</b>`}</li>`)}</ul>
      <${Canvas} lines=${lines} stack=${stack} scale=${scale} label=${label} onHour=${setHour} />
      ${empty && html`<p class="none">${none}</p>`}`}
  </section>`;
}
