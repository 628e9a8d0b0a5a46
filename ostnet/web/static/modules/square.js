/** The square of a portrait that is animated: moved and sized, always inside the picture. */

/** @typedef {import("./types.js").Square} Square */

/** Least side of the square in pixels. */
const SMALLEST = 32;

/**
 * @param {Square} square
 * @param {number} dx pixels
 * @param {number} dy
 * @param {{width: number, height: number}} picture
 * @returns {Square}
 */
export function moved({ left, top, side }, dx, dy, { width, height }) {
  return {
    left: Math.round(Math.min(Math.max(left + dx, 0), width - side)),
    top: Math.round(Math.min(Math.max(top + dy, 0), height - side)),
    side,
  };
}

/**
 * @param {Square} square sized about its centre
 * @param {number} share of the picture's shorter side, in (0, 1]
 * @param {{width: number, height: number}} picture
 * @returns {Square}
 */
export function sized({ left, top, side }, share, picture) {
  const shorter = Math.min(picture.width, picture.height);
  const now = Math.round(Math.min(Math.max(share * shorter, SMALLEST), shorter));
  const shift = (side - now) / 2;
  return moved({ left: left + shift, top: top + shift, side: now }, 0, 0, picture);
}
