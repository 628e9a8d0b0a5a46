/** Conversion between the browser's pictures and the networks' tensors. */

import { apply, box, triangle } from "./resample.js";

/** @typedef {import("./types.js").Square} Square */

/**
 * @param {string} address
 * @returns {Promise<ImageBitmap>} without colour conversion, turned as its EXIF orientation says
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
  /** @param {number} size side of the results, in pixels */
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
   * Return the square with the picture around it; beyond the picture, edge pixels are repeated.
   *
   * @param {ImageBitmap} picture
   * @param {Square} square inside it
   * @param {Float32Array} cut the square, as `cut` returned it
   * @param {number} side of the result, in pixels
   * @returns {{values: Float32Array, bounds: Float32Array}} (3, side, side), and left, top, right
   *     and bottom of the picture in it, where the square's edges are at -1 and 1
   */
  around(picture, square, cut, side) {
    const { size } = this;
    const margin = (side - size) / 2;
    const beyond = Math.floor((margin / size) * square.side + 0.5);
    const whole = square.side + 2 * beyond;
    const left = square.left - beyond;
    const top = square.top - beyond;
    const shown = [Math.max(left, 0), Math.max(top, 0),
      Math.min(left + whole, picture.width), Math.min(top + whole, picture.height)];
    const bounds = Float32Array.from(shown, (edge, i) =>
      (2 * (edge - (i % 2 ? square.top : square.left))) / square.side - 1);
    if (bounds.every((edge, i) => edge === (i < 2 ? -1 : 1))) {
      return { values: padded(cut, size, margin), bounds };
    }
    const { data } = this.#pixels(picture, { left, top, side: whole }, false);
    repeatEdges(data, whole, shown.map((edge, i) => edge - (i % 2 ? top : left)));
    const filter = triangle(whole, side);
    const values = apply(data, whole, whole, 4, 1, filter, filter);
    for (let i = 0; i < values.length; i++) values[i] /= 255;
    for (let row = 0; row < 3 * size; row++) {
      const line = Math.floor(row / size) * side + margin + (row % size);
      values.set(cut.subarray(row * size, (row + 1) * size), line * side + margin);
    }
    return { values, bounds };
  }

  /**
   * @param {ImageBitmap} picture
   * @param {Square} square parts of it outside the picture are white
   * @param {boolean} mirror
   */
  #pixels(picture, { left, top, side }, mirror) {
    if (this.canvas.width !== side) this.canvas = new OffscreenCanvas(side, side);
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("this browser cannot read pictures from a canvas");
    context.setTransform(mirror ? -1 : 1, 0, 0, 1, mirror ? side : 0, 0);
    context.fillStyle = "white";
    context.fillRect(0, 0, side, side);
    context.drawImage(picture, left, top, side, side, 0, 0, side, side);
    return context.getImageData(0, 0, side, side);
  }
}

/**
 * @param {Float32Array} values (3, size, size)
 * @param {number} size
 * @param {number} margin
 * @returns {Float32Array} with so many more pixels beyond each edge, which is repeated
 */
function padded(values, size, margin) {
  const side = size + 2 * margin;
  const made = new Float32Array(3 * side * side);
  /** @param {number} place */
  const inside = (place) => Math.min(Math.max(place - margin, 0), size - 1);
  for (let i = 0; i < made.length; i++) {
    const row = Math.floor(i / side);
    const plane = Math.floor(row / side) * size;
    made[i] = values[(plane + inside(row % side)) * size + inside(i % side)];
  }
  return made;
}

/**
 * Give every pixel outside a part of a picture the value of the nearest one inside.
 *
 * @param {Uint8ClampedArray} pixels (side, side, 4), changed in place
 * @param {number} side
 * @param {number[]} part left, top, right and bottom, the last two not included
 */
function repeatEdges(pixels, side, [left, top, right, bottom]) {
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const column = Math.min(Math.max(x, left), right - 1);
      const row = Math.min(Math.max(y, top), bottom - 1);
      if (column === x && row === y) continue;
      const from = 4 * (row * side + column);
      pixels.copyWithin(4 * (y * side + x), from, from + 4);
    }
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
