// Views that differ in time, on a line: when each holds, or when its source told it.

import { h, s } from "./dom.js";
import { sourceOf } from "./sources.js";
import { day, languages, t } from "./texts.js";

const ROW = 30;
const AXIS = 30;
const MOST = 28; // characters of a label
const INSET = 2; // percent that the line keeps from the edge

/**
 * The timeline of an answer, or nothing where its views do not differ in time.
 * @param {any} data
 * @returns {HTMLElement|null}
 */
export function timeline(data) {
  if (data.answer.listed) return null;
  const points = data.answer.views
    .map((view) => pointOf(data, view))
    .filter(Boolean)
    .sort((a, b) => a.time - b.time);
  const [first, last] = [points[0]?.time, points.at(-1)?.time];
  if (points.length < 2 || first === last) return null;
  const height = points.length * ROW + AXIS;
  const told = points.map(({ when, value }) => `${when}: ${value}`).join("; ");
  const baseline = String(points.length * ROW + 8);
  const span = { x1: `${INSET}%`, x2: `${100 - INSET}%`, y1: baseline, y2: baseline };
  return h(
    "figure",
    { class: "timeline" },
    h("figcaption", {}, t("timeline.title")),
    s(
      "svg",
      { role: "img", "aria-label": told, width: "100%", height: String(height) },
      s("line", { class: "axis", ...span }),
      points.map((point, i) => row(point, i, (point.time - first) / (last - first), baseline)),
      s("text", { class: "end", x: `${INSET}%`, y: String(height - 4) }, points[0].when),
      s(
        "text",
        { class: "end", x: `${100 - INSET}%`, y: String(height - 4), "text-anchor": "end" },
        points.at(-1).when,
      ),
    ),
  );
}

function row({ value, when }, i, share, baseline) {
  const x = `${INSET + share * (100 - 2 * INSET)}%`;
  const y = i * ROW + ROW / 2;
  const toRight = share <= 0.5;
  const label = value.length > MOST ? `${value.slice(0, MOST).trimEnd()} …` : value;
  return s(
    "g",
    {},
    s("title", {}, `${when}: ${value}`),
    s("line", { class: "stem", x1: x, x2: x, y1: String(y), y2: baseline }),
    s("circle", { class: "dot", cx: x, cy: String(y), r: "5" }),
    // Percentages take no sums: blanks keep the label from its dot.
    s(
      "text",
      { class: "label", x, y: String(y + 5), "text-anchor": toRight ? "start" : "end" },
      toRight ? `\u00a0\u00a0\u00a0${label}` : `${label}\u00a0\u00a0\u00a0`,
    ),
  );
}

function pointOf(data, view) {
  const named = momentOf(view.time);
  if (named) return { ...named, when: view.time, value: view.value };
  const first = data.answer.citations.find(({ n }) => n === view.citations[0]);
  const published = first && sourceOf(data, first.article_id).published;
  const time = Date.parse(published ?? "");
  return Number.isNaN(time) ? null : { time, when: day(published), value: view.value };
}

/** When "Mai 2024", "14. Juni 2025", "2024-05" or "2024" is; nothing for a time without a year. */
function momentOf(text) {
  const year = text?.match(/\b(1\d{3}|20\d\d|21\d\d)\b/)?.[1];
  if (!year) return null;
  const numbered = text.match(/\b\d{4}-(\d\d)/)?.[1];
  const place = numbered ? Number(numbered) - 1 : monthIn(text);
  return { time: Date.UTC(Number(year), place ?? 6) };
}

function monthIn(text) {
  const said = text.toLocaleLowerCase();
  for (const language of languages) {
    const names = new Intl.DateTimeFormat(language, { month: "long", timeZone: "UTC" });
    for (let i = 0; i < 12; i += 1) {
      if (said.includes(names.format(Date.UTC(2024, i)).toLocaleLowerCase())) return i;
    }
  }
  return null;
}
