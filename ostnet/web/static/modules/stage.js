/** The panes: portrait, driver, rectified driver and the results. */

import { canvasIn, drawing, element } from "./elements.js";

/** Scale transformation and embedding of each pane, in the order in which they are asked for. */
export const FOUR = /** @type {[string, [boolean, boolean]][]} */ ([
  ["result", [true, true]],
  ["no_transform", [false, true]],
  ["no_embedding", [true, false]],
  ["neither", [false, false]],
]);

export class Stage {
  /** @param {() => void} onRectified called when the rectified driver comes into view */
  constructor(onRectified) {
    this.panes = element("panes", HTMLDivElement);
    /** @type {Record<string, HTMLCanvasElement>} */
    this.canvases = {};
    for (const figure of this.panes.querySelectorAll("figure")) {
      this.canvases[figure.dataset.pane ?? ""] = canvasIn(figure);
    }
    this.frames = 0;
    /** Whether the rectified driver can be seen, and is to be computed. */
    this.showsRectified = false;
    new IntersectionObserver(([{ isIntersecting }]) => {
      this.showsRectified = isIntersecting;
      if (isIntersecting) onRectified();
    }).observe(this.canvases.rectified);
  }

  get result() {
    return this.canvases.result;
  }

  /** @param {boolean} on whether all four variants are shown */
  set four(on) {
    this.panes.classList.toggle("four", on);
    const caption = this.result.parentElement?.querySelector("figcaption");
    if (caption) caption.textContent = on ? "full" : "result";
  }

  /**
   * @param {ImageBitmap} picture
   * @param {import("./types.js").Square} square
   * @param {number} size
   */
  showSource(picture, { left, top, side }, size = 256) {
    const canvas = this.canvases.source;
    canvas.width = canvas.height = size;
    drawing(canvas).drawImage(picture, left, top, side, side, 0, 0, size, size);
  }

  /** @param {import("./types.js").Animated} made */
  show(made) {
    made.images.forEach((image, index) => this.#put(FOUR[index][0], image));
    this.#put("driving", made.driving);
    this.#put("rectified", made.rectified ?? made.driving);
    this.frames += 1;
    this.panes.dataset.frames = String(this.frames);
  }

  /**
   * @param {string} name
   * @param {ImageData} image
   */
  #put(name, image) {
    const canvas = this.canvases[name];
    if (canvas.width !== image.width) canvas.width = canvas.height = image.width;
    drawing(canvas).putImageData(image, 0, 0);
  }
}
