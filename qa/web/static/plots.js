// Plots as SVG. Places along a line are in percent, so that they fit any width.

import { h, s } from "./dom.js";
import { many, month, number, t } from "./texts.js";

const HEIGHT = 150;
const ABOVE = 20; // for the highest bar's number
const BELOW = 22; // for the months

/**
 * Bars of articles, a month each.
 * @param {{month: string, articles: number}[]} months without gaps
 * @returns {HTMLElement}
 */
export function monthly(months) {
  const most = months.reduce((a, b) => (b.articles > a.articles ? b : a));
  const width = 100 / months.length;
  const base = HEIGHT - BELOW;
  const bars = months.map(({ month: at, articles }, i) => {
    const height = (articles / most.articles) * (base - ABOVE);
    return s(
      "g",
      {},
      s("title", {}, `${month(at)}: ${many("holdings.articles", articles)}`),
      s("rect", {
        class: "bar",
        x: `${i * width + width * 0.1}%`,
        width: `${width * 0.8}%`,
        y: String(base - height),
        height: String(height),
      }),
    );
  });
  const highest = `${(months.indexOf(most) + 0.5) * width}%`;
  const told = t("insight.months.told", {
    since: month(months[0].month),
    until: month(months.at(-1).month),
    most: month(most.month),
    articles: many("holdings.articles", most.articles),
  });
  return h(
    "figure",
    { class: "plot" },
    s(
      "svg",
      { role: "img", "aria-label": told, width: "100%", height: String(HEIGHT) },
      s("line", { class: "axis", x1: "0", x2: "100%", y1: String(base), y2: String(base) }),
      bars,
      s(
        "text",
        { class: "end", x: highest, y: String(ABOVE - 6), "text-anchor": anchor(months, most) },
        number(most.articles),
      ),
      s("text", { class: "end", x: "0", y: String(HEIGHT - 4) }, month(months[0].month)),
      months.length > 1 &&
        s(
          "text",
          { class: "end", x: "100%", y: String(HEIGHT - 4), "text-anchor": "end" },
          month(months.at(-1).month),
        ),
    ),
  );
}

/** A bar as long as a share of the whole width. @param {number} part @returns {SVGElement} */
export function share(part) {
  const bar = s("rect", {
    class: "bar",
    x: "0",
    y: "0",
    rx: "2",
    height: "8",
    width: `${100 * part}%`,
  });
  const svg = s("svg", { width: "100%", height: "8" }, bar);
  svg.setAttribute("aria-hidden", "true");
  return svg;
}

/**
 * A line through values that follow each other.
 * @param {number[]} values
 * @param {string} told what it shows, in words
 * @returns {SVGElement}
 */
export function curve(values, told) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high - low;
  const x = (i) => (100 * i) / (values.length - 1);
  const y = (value) => (room ? 36 - (32 * (value - low)) / room : 20);
  const points = values.map((value, i) => `${x(i)},${y(value)}`).join(" ");
  return s(
    "svg",
    {
      role: "img",
      "aria-label": told,
      viewBox: "0 0 100 40",
      preserveAspectRatio: "none",
      width: "100%",
      height: "64",
    },
    s("polyline", { class: "line", points }),
  );
}

function anchor(months, most) {
  const place = months.indexOf(most) / months.length;
  if (place < 0.1) return "start";
  return place > 0.9 ? "end" : "middle";
}
