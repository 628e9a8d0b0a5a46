/**
 * Which parts of the driver's movement the portrait performs, and how strongly.
 *
 * The same as `ostnet/animation/control.py` computes. Points are flat: x, y of each of K keypoints.
 * Matrices (2, 2) are flat too, row by row.
 *
 * @typedef {import("./types.js").Control} Control
 * @typedef {import("./types.js").Constants} Constants
 */

/** Most by which a turn of the head stretches or shrinks the face in the split. */
const WIDEST = 2;

/**
 * Return the strength of each part; null where all are 1.
 *
 * @param {Control | undefined} control strengths of parts outside `only` have no effect
 * @param {Pick<Constants, "parts" | "regions">} constants
 * @returns {Record<string, number> | null}
 */
export function strengths(control, { parts, regions }) {
  const { only = "all", mouth = 1, eyelids = 1, head = 1 } = control ?? {};
  if (only === "all" && [mouth, eyelids, head].every((value) => value === 1)) return null;
  if (!parts.length) {
    throw new Error("only, mouth, eyelids, head: found a network without keypoints of lids and " +
      "lips, expected one with them; choose another network");
  }
  /** @type {Record<string, number>} */
  const found = { head, mouth, eyelids, irises: 1, brows: 1 };
  const moving = regions.find(([region]) => region === only)?.[1] ?? Object.keys(found);
  return Object.fromEntries(Object.entries(found).map(
    ([part, strength]) => [part, moving.includes(part) ? strength : 0]));
}

/**
 * Return the performed keypoints, whose movement since the source's is scaled.
 *
 * @param {Float32Array} source keypoints of the portrait
 * @param {Float32Array} performed keypoints at the strength 1
 * @param {Record<string, number>} strength of each part
 * @param {Pick<Constants, "openings" | "parts">} constants
 */
export function controlled(source, performed, strength, { openings, parts }) {
  const own = triangle(source, parts);
  const turn = withSizes(product(triangle(performed, parts), inverse(own)),
    (size) => Math.min(Math.max(size, 1 / WIDEST), WIDEST));
  const back = inverse(turn);
  const turned = turn.map((value, i) => (i % 3 ? 0 : 1) * (1 - strength.head)
    + strength.head * value);
  const moved = source.map((value, i) => value + strength.head * (performed[i] - value));
  const result = moved.slice();
  for (const [name, middle, members] of parts) {
    const [from, to, at] = [source, performed, moved].map((points) => mean(points, middle));
    for (const member of members) {
      const rest = minus(point(source, member), from);
      const driven = times(back, minus(point(performed, member), to));
      const shape = times(turned, rest.map((v, i) => v + strength[name] * (driven[i] - v)));
      result.set(shape.map((value, i) => at[i] + value), 2 * member);
    }
  }
  keepOrder(result, source, times(turned, [own[1], own[3]]), [own[1], own[3]], openings);
  return result;
}

/**
 * Close lids and lips that have crossed.
 *
 * @param {Float32Array} result changed
 * @param {Float32Array} source
 * @param {number[]} down from eyes to mouth in `result`
 * @param {number[]} ownDown the same in `source`
 * @param {Constants["openings"]} openings
 */
function keepOrder(result, source, down, ownDown, openings) {
  /** @type {(points: Float32Array, pair: number[], down: number[]) => number} */
  const gap = (points, [upper, lower], [x, y]) => {
    const [across, along] = minus(point(points, lower), point(points, upper));
    return across * x + along * y;
  };
  for (const [upper, lower] of openings) {
    if (gap(result, [upper, lower], down) >= 0 || gap(source, [upper, lower], ownDown) < 0) continue;
    const closed = mean(result, [upper, lower]);
    result.set(closed, 2 * upper);
    result.set(closed, 2 * lower);
  }
}

/**
 * @param {Float32Array} points
 * @param {Constants["parts"]} parts
 * @returns {number[]} matrix: columns from eye to eye, and from between the eyes to the mouth
 */
function triangle(points, parts) {
  const [mouth, left, right] = ["mouth", "eyelids"].flatMap((wanted) => parts
    .filter(([name]) => name === wanted).map(([, middle]) => mean(points, middle)));
  const [across, down] = [minus(right, left), minus(mouth, left.map((v, i) => (v + right[i]) / 2))];
  return [across[0], down[0], across[1], down[1]];
}

/**
 * Return the matrix with other singular values.
 *
 * It is the sum of a turn and a reflection, both scaled: the singular values are the sum and the
 * difference of the two scales.
 *
 * @param {number[]} matrix
 * @param {(size: number) => number} change
 */
function withSizes([a, b, c, d], change) {
  const turn = [(a + d) / 2, (c - b) / 2];
  const flip = [(a - d) / 2, (c + b) / 2];
  const [turns, flips] = [Math.hypot(...turn), Math.hypot(...flip)];
  const large = change(turns + flips);
  const small = (turns < flips ? -1 : 1) * change(Math.abs(turns - flips));
  const [e, h] = turns ? turn.map((v) => (v / turns) * (large + small) / 2) : [large + small, 0];
  const [f, g] = flips ? flip.map((v) => (v / flips) * (large - small) / 2) : [0, 0];
  return [e + f, g - h, g + h, e - f];
}

/**
 * @param {number[]} matrix
 * @returns {number[]} its pseudoinverse
 */
function inverse(matrix) {
  const [a, b, c, d] = withSizes(matrix, (size) => (size > 1e-12 ? 1 / size : 0));
  return [a, c, b, d];
}

/** @param {number[]} one @param {number[]} other */
function product([a, b, c, d], [e, f, g, h]) {
  return [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];
}

/** @param {number[]} matrix @param {number[]} vector */
function times([a, b, c, d], [x, y]) {
  return [a * x + b * y, c * x + d * y];
}

/** @param {Float32Array} points @param {number} index */
function point(points, index) {
  return [points[2 * index], points[2 * index + 1]];
}

/** @param {number[]} one @param {number[]} other */
function minus(one, other) {
  return one.map((value, i) => value - other[i]);
}

/** @param {Float32Array} points @param {number[]} indices */
function mean(points, indices) {
  return [0, 1].map(
    (axis) => indices.reduce((sum, index) => sum + points[2 * index + axis], 0) / indices.length);
}
