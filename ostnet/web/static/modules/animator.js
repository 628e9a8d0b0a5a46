/** A portrait, then any number of driving frames: what the Python package's Animator does. */

import { Cutter, toImage } from "./pictures.js";
import { release } from "./networks.js";

/**
 * @typedef {import("./types.js").Square} Square
 * @typedef {import("./types.js").Animated} Animated
 * @typedef {import("./types.js").FrameOptions} FrameOptions
 * @typedef {import("./types.js").Owner} Owner
 * @typedef {import("./networks.js").Tensors} Tensors
 */

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
   * @returns {Promise<Animated>}
   */
  async animate(owner, picture, square, wanted) {
    const { networks } = this;
    const source = this.sources.get(owner);
    if (!source) throw new Error("no portrait yet; call setSource first");
    const driving = this.cutter.cut(picture, square, wanted.zoom, wanted.mirror);
    const started = performance.now();
    /** @type {Tensors} */
    const made = { image: this.#tensor(driving) };
    try {
      made.x_driving = (await networks.run("detect", made, ["keypoints"])).keypoints;
      Object.assign(made, await networks.run(
        "align", { ...source, ...made }, ["z", "fiducials", "scale"]));
      if (networks.has("rectify") && (wanted.rectified || wanted.variants.some(([on]) => on))) {
        Object.assign(made, await networks.run("rectify", made, ["rectified"]));
        const again = { image: made.rectified };
        made.x_rectified = (await networks.run("detect", again, ["keypoints"])).keypoints;
      }
      const images = await this.#render(source, made, wanted.variants);
      const [across, down] = await made.scale.getData();
      const rectified = made.rectified && wanted.rectified
        ? toImage(await made.rectified.getData()) : null;
      const ms = performance.now() - started;
      return { images, driving: toImage(driving), rectified, scale: [across, down], ms };
    } finally {
      release(made);
    }
  }

  /**
   * The motion runs once for the variants that share it.
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
