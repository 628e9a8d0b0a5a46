/** The measured face scale over time, drawn as it comes. */

import { canvasIn, drawing, element } from "./elements.js";

const SECONDS = 12;
/** Pixels on the left for the ticks, and radius of the newest point. */
const START = 26;
const DOT = 3;
const TICKS = [0.25, 0.5, 0.7, 1, 1.4, 2, 4];

export class Trace {
  constructor() {
    this.canvas = canvasIn(element("trace", HTMLElement));
    /** @type {[number, number, number][]} second, across, down */
    this.points = [];
    this.shown = [element("scale-x", HTMLOutputElement), element("scale-y", HTMLOutputElement)];
    new ResizeObserver(() => this.#draw()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  clear() {
    this.points = [];
    this.#draw();
  }

  /** @param {[number, number]} scale */
  add(scale) {
    const now = performance.now() / 1000;
    this.points.push([now, ...scale]);
    while (this.points[1]?.[0] < now - SECONDS) this.points.shift(); // the line enters at the left
    scale.forEach((value, axis) => (this.shown[axis].textContent = value.toFixed(2)));
    this.#draw();
  }

  #draw() {
    const { canvas, points } = this;
    const fine = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const end = width - DOT - 1;
    canvas.width = Math.round(width * fine);
    canvas.height = Math.round(height * fine);
    const context = drawing(canvas);
    context.scale(fine, fine);
    const colours = getComputedStyle(canvas);
    const colour = (/** @type {string} */ name) => colours.getPropertyValue(`--${name}`);
    const logs = points.flatMap(([, x, y]) => [Math.log(x), Math.log(y)]);
    const reach = Math.max(0.8, ...logs.map(Math.abs)) * 1.1;
    const y = (/** @type {number} */ value) => height / 2 - (Math.log(value) / reach) * (height / 2);

    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (const tick of TICKS.filter((value) => Math.abs(Math.log(value)) < reach)) {
      context.fillStyle = colour("soft");
      context.fillText(String(tick), 0, y(tick));
      context.fillStyle = colour(tick === 1 ? "soft" : "line");
      context.fillRect(START, Math.round(y(tick)), width, 1);
    }
    context.beginPath();
    context.rect(START, 0, width, height);
    context.clip();
    const last = points.at(-1)?.[0] ?? 0;
    for (const axis of [1, 2]) {
      context.beginPath();
      for (const point of points) {
        const ago = (last - point[0]) / SECONDS;
        context.lineTo(end - ago * (end - START), y(point[axis]));
      }
      context.strokeStyle = colour(axis === 1 ? "x" : "y");
      context.lineWidth = 2;
      context.stroke();
      const newest = points.at(-1);
      if (!newest) continue;
      context.beginPath();
      context.arc(end, y(newest[axis]), DOT, 0, 2 * Math.PI);
      context.fillStyle = context.strokeStyle;
      context.fill();
    }
  }
}
