/** Between pictures of a browser and the networks' numbers. */

import { apply, box, triangle } from "./resample.js";

/** @typedef {import("./types.js").Square} Square */

/**
 * @param {string} address
 * @returns {Promise<ImageBitmap>} the picture's own values, upright as its EXIF says
 */
export async function fetchPicture(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: the server answered ${answer.status}`);
  return decode(await answer.blob());
}

/**
 * @param {Blob} blob
 * @returns {Promise<ImageBitmap>}
 */
export function decode(blob) {
  return createImageBitmap(blob, {
    colorSpaceConversion: "none",
    imageOrientation: "from-image",
    premultiplyAlpha: "default",
  });
}

/**
 * @param {number} width
 * @param {number} height
 * @returns {Square} the largest one in the middle
 */
export function centreSquare(width, height) {
  const side = Math.min(width, height);
  return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), side };
}

/** Cuts squares out of pictures; keeps the canvas and the filters that it used last. */
export class Cutter {
  /** @param {number} size of what comes out, in pixels */
  constructor(size) {
    this.size = size;
    this.canvas = new OffscreenCanvas(1, 1);
    this.side = 0;
    this.filter = triangle(size, size);
    this.zoom = 1;
    this.zoomed = box(size, 1);
  }

  /**
   * @param {ImageBitmap} picture
   * @param {Square} square inside it, in whole pixels
   * @param {number} zoom
   * @param {boolean} mirror
   * @returns {Float32Array} (3, size, size) in [0, 1]; transparent parts are white
   */
  cut(picture, square, zoom = 1, mirror = false) {
    const { data } = this.#pixels(picture, square, mirror);
    const { size } = this;
    if (square.side !== this.side) {
      this.side = square.side;
      this.filter = triangle(square.side, size);
    }
    let made = apply(data, square.side, square.side, 4, 1, this.filter, this.filter);
    if (zoom !== 1) {
      if (zoom !== this.zoom) {
        this.zoom = zoom;
        this.zoomed = box(size, zoom);
      }
      made = apply(made, size, size, 1, size * size, this.zoomed, this.zoomed);
    }
    for (let i = 0; i < made.length; i++) made[i] /= 255;
    return made;
  }

  /**
   * @param {ImageBitmap} picture
   * @param {Square} square
   * @param {boolean} mirror
   */
  #pixels(picture, { left, top, side }, mirror) {
    if (this.canvas.width !== side) this.canvas = new OffscreenCanvas(side, side);
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("this browser gives no canvas to read pictures from");
    context.setTransform(mirror ? -1 : 1, 0, 0, 1, mirror ? side : 0, 0);
    context.fillStyle = "white";
    context.fillRect(0, 0, side, side);
    context.drawImage(picture, left, top, side, side, 0, 0, side, side);
    return context.getImageData(0, 0, side, side);
  }
}

/**
 * @param {Float32Array} values (3, size, size) in [0, 1]
 * @returns {ImageData}
 */
export function toImage(values) {
  const plane = values.length / 3;
  const pixels = new Uint8ClampedArray(4 * plane); // rounds and clamps
  for (let i = 0; i < plane; i++) {
    pixels[4 * i] = 255 * values[i];
    pixels[4 * i + 1] = 255 * values[plane + i];
    pixels[4 * i + 2] = 255 * values[2 * plane + i];
    pixels[4 * i + 3] = 255;
  }
  return new ImageData(pixels, Math.sqrt(plane));
}
