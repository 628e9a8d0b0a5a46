/**
 * The head pose: the place and pose of the head from which the driver's motion is applied.
 *
 * The same as `ostnet/animation/pose.py` computes. Points are flat: x, y of each of K keypoints.
 *
 * @typedef {import("./types.js").Pose} Pose
 * @typedef {import("./types.js").Constants} Constants
 */

/**
 * Return the rectified keypoints about the driver's own centre, not the picture's.
 *
 * @param {Float32Array} rectified
 * @param {Float32Array} driving
 */
export function ownPlace(rectified, driving) {
  return shifted(rectified, centre(driving), centre(rectified));
}

/**
 * Return the keypoints that the source is to perform.
 *
 * @param {Pose} pose driver: `x` itself. position: `x`, moved so that the neutral pose lies where
 *     the source's head lies. portrait: the source, moved by what moved since the neutral pose;
 *     lips and lids open as far as the driver's, lips in lengths of the nose, lids in widths of
 *     the eye.
 * @param {Float32Array} source keypoints of the portrait
 * @param {Float32Array} x the driver's at the portrait's scale, about the driver's own centre
 * @param {Float32Array} neutral the driver's neutral pose
 * @param {Pick<Constants, "openings">} constants
 */
export function posed(pose, source, x, neutral, { openings }) {
  if (pose === "driver") return x;
  if (pose === "position") return shifted(x, centre(source), centre(neutral));
  const moved = x.map((value, index) => source[index] + value - neutral[index]);
  for (const [upper, lower, ...ends] of openings) {
    const wide = distance(source, ends) / Math.max(distance(neutral, ends), 1e-6);
    for (const axis of [0, 1]) {
      const [above, below] = [2 * upper + axis, 2 * lower + axis];
      const middle = (moved[above] + moved[below]) / 2;
      const half = ((x[below] - x[above]) * wide) / 2;
      moved[above] = middle - half;
      moved[below] = middle + half;
    }
  }
  return moved;
}

/** Neutral pose and scale of a driver: medians over the first second that shows a face. */
export class FirstSecond {
  /** @param {number} number identifies this second */
  constructor(number) {
    this.number = number;
    /** When it started; null: no face so far. */
    this.since = /** @type {number | null} */ (null);
    this.over = false;
    // Keys are times of frames, since a frame may be computed again at another zoom.
    /** @type {Map<number, Float32Array>} */
    this.poses = new Map();
    /** @type {Map<number, Float32Array>} */
    this.scales = new Map();
  }

  /**
   * Return whether a frame belongs to it. A clip that starts again ends it.
   *
   * @param {number} time of the driver, in seconds
   * @param {() => Promise<boolean>} hasFace
   */
  async includes(time, hasFace) {
    const { since } = this;
    this.over ||= since !== null && (time < since || time >= since + 1);
    if (this.over || !(await hasFace())) return false;
    this.since ??= time;
    return true;
  }

  /**
   * @param {Float32Array} own the frame's, where no frame belongs to the second so far
   * @returns {Float32Array}
   */
  pose(own) {
    return this.poses.size ? median([...this.poses.values()]) : own;
  }

  /**
   * @param {Float32Array} own the frame's, where no frame belongs to the second so far
   * @returns {Float32Array} along x and y
   */
  scale(own) {
    if (!this.scales.size) return own;
    return median([...this.scales.values()].map((scale) => scale.map(Math.log))).map(Math.exp);
  }
}

/**
 * @param {Float32Array[]} rows
 * @returns {Float32Array} of each column
 */
function median(rows) {
  const half = rows.length / 2;
  return rows[0].map((_, column) => {
    const values = rows.map((row) => row[column]).sort((one, other) => one - other);
    return (values[Math.ceil(half) - 1] + values[Math.floor(half)]) / 2;
  });
}

/**
 * @param {Float32Array} points
 * @param {[number, number]} to
 * @param {[number, number]} from
 */
function shifted(points, to, from) {
  return points.map((value, index) => value + to[index % 2] - from[index % 2]);
}

/**
 * @param {Float32Array} points
 * @returns {[number, number]} their mean
 */
function centre(points) {
  const sum = [0, 0];
  points.forEach((value, index) => (sum[index % 2] += value));
  return [(2 * sum[0]) / points.length, (2 * sum[1]) / points.length];
}

/**
 * @param {Float32Array} points
 * @param {number[]} ends two keypoints
 */
function distance(points, [one, other]) {
  const [x, y] = [0, 1].map((axis) => points[2 * one + axis] - points[2 * other + axis]);
  return Math.hypot(x, y);
}
