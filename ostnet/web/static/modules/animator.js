/** Animates a portrait by driving frames, as the Python package's Animator does. */

import { controlled, strengths } from "./control.js";
import { Cutter, toImage } from "./pictures.js";
import { FirstSecond, ownPlace, posed } from "./pose.js";
import { release } from "./networks.js";

/**
 * @typedef {import("./types.js").Square} Square
 * @typedef {import("./types.js").Animated} Animated
 * @typedef {import("./types.js").FrameOptions} FrameOptions
 * @typedef {import("./types.js").Owner} Owner
 * @typedef {import("./networks.js").Tensors} Tensors
 */

/** Smallest driving scale by which keypoints are divided, as in Python. */
const LEAST_SCALE = 0.01;

export class Animator {
  /** @param {import("./networks.js").Networks} networks */
  constructor(networks) {
    this.networks = networks;
    this.size = networks.manifest.config.resolution;
    this.cutter = new Cutter(this.size);
    /** @type {Map<Owner, Tensors>} */
    this.sources = new Map();
    const code = networks.manifest.config.scale_code;
    this.silence = networks.tensor(new Float32Array(code), [1, code]);
    this.gates = [0, 1].map((value) => networks.tensor(new Float32Array([value]), [1]));
    this.second = new FirstSecond(NaN);
  }

  /**
   * Encode the portrait, once.
   *
   * @param {Owner} owner
   * @param {ImageBitmap} picture
   * @param {Square} square of it
   */
  async setSource(owner, picture, square) {
    const values = this.cutter.cut(picture, square);
    const image = this.#tensor(values);
    const { encode } = this.networks.manifest.graphs;
    /** @type {Tensors} */
    const given = { image };
    if (encode.inputs.canvas) {
      const shape = encode.inputs.canvas;
      const around = this.cutter.around(picture, square, values, shape[3]);
      given.canvas = this.networks.tensor(around.values, shape);
      given.bounds = this.networks.tensor(around.bounds, [1, 4]);
    }
    const taps = await this.networks.run("encode", given, encode.outputs);
    const { keypoints } = await this.networks.run("detect", { image }, ["keypoints"]);
    release(this.sources.get(owner) ?? {});
    this.sources.set(owner, { ...taps, ...given, x_source: keypoints });
  }

  /**
   * @param {Owner} owner whose portrait is animated
   * @param {ImageBitmap} picture
   * @param {Square} square
   * @param {FrameOptions} wanted
   * @param {() => Promise<boolean>} hasFace whether the driving picture shows a face
   * @returns {Promise<Animated>}
   */
  async animate(owner, picture, square, wanted, hasFace) {
    const source = this.#source(owner);
    const driving = this.cutter.cut(picture, square, wanted.zoom, wanted.mirror);
    const counts = await this.#inFirstSecond(wanted.second, hasFace);
    const started = performance.now();
    /** @type {Tensors} */
    const made = { image: this.#tensor(driving) };
    try {
      const [across, down] = await this.#read(source, made, wanted, counts);
      if (isPosed(wanted)) await this.#pose(source, made, wanted, counts);
      const images = await this.#render(source, made, wanted.variants);
      const rectified = made.rectified && wanted.rectified
        ? toImage(await made.rectified.getData()) : null;
      const ms = performance.now() - started;
      return { images, driving: toImage(driving), rectified, scale: [across, down], ms };
    } finally {
      release(made);
    }
  }

  /**
   * Return the driver's pose in a single picture, for `wanted.neutral`.
   *
   * @param {Owner} owner
   * @param {ImageBitmap} picture
   * @param {Square} square
   * @param {import("./types.js").Rectify} rectify
   */
  async poseOf(owner, picture, square, rectify) {
    /** @type {Tensors} */
    const made = { image: this.#tensor(this.cutter.cut(picture, square)) };
    try {
      await this.#read(this.#source(owner), made, { variants: [[true, true]], rectify }, false);
      return await this.#ownPlace(made);
    } finally {
      release(made);
    }
  }

  /** @param {Owner} owner */
  #source(owner) {
    const source = this.sources.get(owner);
    if (!source) throw new Error("no portrait yet; call setSource first");
    return source;
  }

  /**
   * Return whether a frame belongs to the driver's first second, which starts at its first face.
   *
   * @param {import("./types.js").Second | undefined} wanted
   * @param {() => Promise<boolean>} hasFace
   */
  async #inFirstSecond(wanted, hasFace) {
    if (!wanted) return false;
    if (wanted.number !== this.second.number) this.second = new FirstSecond(wanted.number);
    return this.second.includes(wanted.time, hasFace);
  }

  /**
   * Add keypoints and scale of a driving frame to the tensors `made`, and what is needed of
   * rectified keypoints and picture.
   *
   * @param {Tensors} source
   * @param {Tensors} made has its image
   * @param {FrameOptions} wanted
   * @param {boolean} counts whether it belongs to the first second
   * @returns {Promise<Float32Array>} the measured scale
   */
  async #read(source, made, wanted, counts) {
    const { networks, second } = this;
    made.x_driving = (await networks.run("detect", made, ["keypoints"])).keypoints;
    Object.assign(made, await networks.run(
      "align", { ...source, ...made }, ["z", "fiducials", "scale"]));
    /** @type {Float32Array} */
    const scale = await made.scale.getData();
    if (counts) second.scales.set(wanted.second?.time ?? 0, scale.slice());
    const used = wanted.second?.keepsScale ? second.scale(scale) : scale;
    if (used !== scale) this.#replace(made, "fiducials", this.#atScale(used));
    if (!networks.has("rectify")) return scale;
    const byPoints = wanted.rectify === "points";
    const needed = isPosed(wanted) || wanted.variants.some(([on]) => on);
    if (wanted.rectified || (needed && !byPoints)) {
      Object.assign(made, await networks.run("rectify", made, ["rectified"]));
    }
    if (needed && byPoints) {
      /** @type {Float32Array} */
      const driving = await made.x_driving.getData();
      made.x_rectified = this.#points(
        driving.map((value, index) => value / Math.max(used[index % 2], LEAST_SCALE)));
    } else if (needed) {
      const again = { image: made.rectified };
      made.x_rectified = (await networks.run("detect", again, ["keypoints"])).keypoints;
    }
    return scale;
  }

  /**
   * Move raw and rectified keypoints by the same head pose, so that variants differ in the
   * driver's size alone.
   *
   * @param {Tensors} source
   * @param {Tensors} made
   * @param {FrameOptions} wanted
   * @param {boolean} counts
   */
  async #pose(source, made, wanted, counts) {
    const { second, networks: { manifest: { constants } } } = this;
    const x = await this.#ownPlace(made);
    if (counts) second.poses.set(wanted.second?.time ?? 0, x);
    const { pose = "driver", control } = wanted;
    if (pose === "driver") return;
    const strength = pose === "portrait" ? strengths(control, constants) : null;
    const neutral = wanted.neutral ?? (wanted.second && second.pose(x));
    const portrait = await source.x_source.getData();
    const moved = neutral ? posed(pose, portrait, x, neutral, constants)
      : posed("position", portrait, x, x, constants);
    const performed = strength ? controlled(portrait, moved, strength, constants) : moved;
    /** @type {Float32Array} */
    const driving = await made.x_driving.getData();
    this.#replace(made, "x_driving", driving.map((raw, i) => raw + performed[i] - x[i]));
    if (made.x_rectified) this.#replace(made, "x_rectified", performed);
  }

  /** @param {Tensors} made */
  async #ownPlace(made) {
    const driving = await made.x_driving.getData();
    return ownPlace(made.x_rectified ? await made.x_rectified.getData() : driving, driving);
  }

  /**
   * @param {Float32Array} scale along x and y
   * @returns {Float32Array} the fiducial points of that scale
   */
  #atScale(scale) {
    const { base } = this.networks.manifest.constants;
    return new Float32Array(base.flatMap(([x, y]) => [x * scale[0], y * scale[1]]));
  }

  /**
   * @param {Tensors} made
   * @param {string} name of points
   * @param {Float32Array} values
   */
  #replace(made, name, values) {
    made[name].dispose();
    made[name] = this.#points(values);
  }

  /** @param {Float32Array} values x, y of each point */
  #points(values) {
    return this.networks.tensor(values, [1, values.length / 2, 2]);
  }

  /**
   * Compute the motion, once for the variants that share it.
   *
   * @param {Tensors} source
   * @param {Tensors} read
   * @param {[boolean, boolean][]} variants
   */
  async #render(source, read, variants) {
    const { networks } = this;
    const needed = Object.keys(networks.manifest.graphs.paint.inputs);
    const moves = networks.manifest.graphs.move.outputs.filter((name) => needed.includes(name));
    /** @type {Map<any, Tensors>} */
    const motions = new Map();
    const images = [];
    try {
      for (const [transform, embedding] of variants) {
        const points = (transform && read.x_rectified) || read.x_driving;
        if (!motions.has(points)) {
          motions.set(points, await networks.run("move", { ...source, x_driving: points }, moves));
        }
        const code = { z: embedding ? read.z : this.silence, gate: this.gates[Number(embedding)] };
        const { image } = await networks.run(
          "paint", { ...motions.get(points), ...code }, ["image"]);
        images.push(toImage(await image.getData()));
        image.dispose();
      }
      return images;
    } finally {
      motions.forEach(release);
    }
  }

  /** @param {Float32Array} values (3, size, size) */
  #tensor(values) {
    return this.networks.tensor(values, [1, 3, this.size, this.size]);
  }
}

/**
 * Return whether a frame's pose is changed, or is needed for the pose of later frames.
 *
 * @param {FrameOptions} wanted
 */
function isPosed({ pose = "driver", second }) {
  return pose !== "driver" || second !== undefined;
}
