/** Face detection by BlazeFace's network, on the whole picture. */

/** @typedef {import("./types.js").Face} Face */

/** Side of the network's input square, in pixels. */
const SIDE = 192;
/** Cells per side of the network's grid, with one mark each. */
const CELLS = 48;
/** Share of the square's side that the picture fills, by pass; half is for a very large face. */
const LOOKS = [1, 0.5];
const LEAST_SCORE = 0.5;
/** Intersection over union above which two marks are of the same face. */
const SAME = 0.3;
/** The face's centre above the middle of nose and mark, and its height, in the mark's sides. */
const LIFT = 0.08;
const HEIGHT = 1.06;
/** Height of a face in widths. */
const SLIMNESS = 1.08;
/** Share of a face's width or height outside the picture above which it is half a face. */
const HALF = 0.35;
/** Turn of a head above which it is seen from the side; the limits are those of Python. */
const PROFILE = 0.75;
/** Least distance of the eyes in the mark's sides that a turn is measured by. */
const LEAST_APART = 0.02;
/** Side of the portrait's square in face heights. */
const ROOMY = 2;
/** Distance of the square above the middle of the face, in face heights. */
const ROOM_FOR_HAIR = 0.1;

/**
 * A square around eyes and mouth, the tip of the nose, and the turn of the head: the distance of the
 * nose from the middle of the eyes, in eye distances.
 *
 * @typedef {{x: number, y: number, side: number, noseX: number, noseY: number, turn: number,
 *   score: number}} Mark
 */

export class Finder {
  /**
   * @param {any} ort
   * @param {any} session
   */
  constructor(ort, session) {
    this.ort = ort;
    this.session = session;
    this.canvas = new OffscreenCanvas(SIDE, SIDE);
  }

  /**
   * @param {any} ort
   * @param {import("./store.js").Store} store
   */
  static async load(ort, store) {
    const file = await store.bytes("graphs/face.onnx");
    const session = await ort.InferenceSession.create(file,
      { executionProviders: ["wasm"], logSeverityLevel: 3 }); // without its list of unused constants
    return new Finder(ort, session);
  }

  /**
   * @param {ImageBitmap} picture
   * @returns {Promise<Face | null>} the largest one; null where there is none
   */
  async find(picture) {
    for (const share of LOOKS) {
      const marks = await this.#look(picture, share);
      const [largest] = distinct(marks).sort((one, other) => other.side - one.side);
      if (largest) return { square: framed(largest, picture), flaw: flaw(largest, picture) };
    }
    return null;
  }

  /**
   * @param {ImageBitmap} picture
   * @param {number} share
   * @returns {Promise<Mark[]>} in pixels of the picture
   */
  async #look(picture, share) {
    const ratio = Math.max(picture.width, picture.height) / (share * SIDE);
    const [width, height] = [picture.width / ratio, picture.height / ratio];
    const [left, top] = [(SIDE - width) / 2, (SIDE - height) / 2];
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return [];
    context.fillRect(0, 0, SIDE, SIDE);
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, left, top, width, height);
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    const values = new Float32Array(3 * SIDE * SIDE);
    for (let i = 0; i < values.length; i++) {
      values[i] = data[4 * Math.trunc(i / 3) + (i % 3)] / 127.5 - 1;
    }
    const image = new this.ort.Tensor("float32", values, [1, SIDE, SIDE, 3]);
    const made = await this.session.run({ image });
    return read(made.points.data, made.scores.data).map((mark) => ({
      x: (mark.x - left) * ratio,
      y: (mark.y - top) * ratio,
      side: mark.side * ratio,
      noseX: (mark.noseX - left) * ratio,
      noseY: (mark.noseY - top) * ratio,
      turn: mark.turn,
      score: mark.score,
    }));
  }
}

/**
 * @param {Float32Array} points per cell: centre, size, right eye, left eye, nose, ...
 * @param {Float32Array} logits
 * @returns {Mark[]}
 */
function read(points, logits) {
  const marks = [];
  for (let cell = 0; cell < logits.length; cell++) {
    const score = 1 / (1 + Math.exp(-logits[cell]));
    if (score < LEAST_SCORE) continue;
    const x = ((cell % CELLS) + 0.5) * (SIDE / CELLS);
    const y = (Math.trunc(cell / CELLS) + 0.5) * (SIDE / CELLS);
    const at = points.subarray(16 * cell);
    const [noseX, noseY] = [x + at[8], y + at[9]];
    marks.push({ x: x + at[0], y: y + at[1], side: at[2], noseX, noseY, turn: turn(at), score });
  }
  return marks;
}

/**
 * @param {Float32Array} at of a cell, see `read`
 * @returns {number}
 */
function turn(at) {
  const [across, down] = [at[6] - at[4], at[7] - at[5]];
  const [asideX, asideY] = [at[8] - (at[4] + at[6]) / 2, at[9] - (at[5] + at[7]) / 2];
  const apart = Math.max(Math.hypot(across, down), LEAST_APART * at[2]);
  return Math.abs(asideX * across + asideY * down) / apart ** 2;
}

/**
 * @param {Mark[]} marks
 * @returns {Mark[]} the best one of each face
 */
function distinct(marks) {
  /** @type {Mark[]} */
  const kept = [];
  for (const mark of marks.sort((one, other) => other.score - one.score)) {
    if (kept.every((other) => overlap(mark, other) <= SAME)) kept.push(mark);
  }
  return kept;
}

/**
 * @param {Mark} one
 * @param {Mark} other
 * @returns {number} intersection over union of the squares
 */
function overlap(one, other) {
  const reach = (one.side + other.side) / 2;
  const smaller = Math.min(one.side, other.side);
  const width = Math.max(0, Math.min(reach - Math.abs(one.x - other.x), smaller));
  const height = Math.max(0, Math.min(reach - Math.abs(one.y - other.y), smaller));
  return (width * height) / (one.side ** 2 + other.side ** 2 - width * height);
}

/**
 * @param {Mark} mark
 * @returns {[number, number]} the middle of the face
 */
function middle({ x, y, side, noseX, noseY }) {
  return [(x + noseX) / 2, (y + noseY) / 2 - LIFT * side];
}

/**
 * @param {Mark} mark
 * @param {{width: number, height: number}} picture
 * @returns {import("./types.js").Flaw}
 */
function flaw(mark, { width, height }) {
  if (mark.turn > PROFILE) return "side";
  const [x, y] = middle(mark);
  const tall = HEIGHT * mark.side;
  const wide = tall / SLIMNESS;
  const inside = (/** @type {number} */ at, /** @type {number} */ size, /** @type {number} */ edge) =>
    (Math.min(at + size / 2, edge) - Math.max(at - size / 2, 0)) / size;
  return Math.min(inside(x, wide, width), inside(y, tall, height)) < 1 - HALF ? "half" : "";
}

/**
 * @param {Mark} mark
 * @param {{width: number, height: number}} picture
 * @returns {import("./types.js").Square} the portrait's square, inside the picture
 */
function framed(mark, { width, height }) {
  const size = Math.round(Math.min(ROOMY * HEIGHT * mark.side, width, height));
  const [x, y] = middle(mark);
  const left = x - size / 2;
  const top = y - ROOM_FOR_HAIR * HEIGHT * mark.side - size / 2;
  return {
    left: Math.round(Math.min(Math.max(left, 0), width - size)),
    top: Math.round(Math.min(Math.max(top, 0), height - size)),
    side: size,
  };
}
