/** The graphs, each a session of onnxruntime-web. */

import { RUNTIMES, runtimeFor } from "./backend.js";

/**
 * @typedef {import("./types.js").Manifest} Manifest
 * @typedef {any} Tensor of onnxruntime-web
 * @typedef {Record<string, Tensor>} Tensors
 */

/** Outputs that are read on the processor; all others stay on the device. */
const READ = ["scale", "image", "rectified"];

export class Networks {
  /**
   * @param {any} ort
   * @param {Manifest} manifest
   * @param {Record<string, any>} sessions
   */
  constructor(ort, manifest, sessions) {
    this.ort = ort;
    this.manifest = manifest;
    this.sessions = sessions;
  }

  /**
   * @param {import("./types.js").Place} place
   * @param {import("./store.js").Store} store
   * @param {(reason: string) => void} onLost called when the graphics card goes away
   */
  static async load(place, store, onLost) {
    const { entry, binary } = RUNTIMES[runtimeFor(place.backend)];
    const folder = `graphs/${place.network}`;
    const text = new TextDecoder().decode(await store.bytes(`${folder}/manifest.json`));
    /** @type {Manifest} */
    const manifest = JSON.parse(text);
    const names = Object.keys(manifest.graphs);
    store.expect([`runtime/${binary}.wasm`, `${folder}/manifest.json`,
      ...names.map((name) => `${folder}/${name}.onnx`)]);

    const ort = await import(new URL(`runtime/${entry}`, store.base).href);
    ort.env.logLevel = "error";
    ort.env.wasm.numThreads = place.threads;
    ort.env.wasm.wasmPaths = { mjs: new URL(`runtime/${binary}.mjs`, store.base).href };
    ort.env.wasm.wasmBinary = await store.bytes(`runtime/${binary}.wasm`);
    const sessions = /** @type {Record<string, any>} */ ({});
    for (const name of names) {
      const { outputs } = manifest.graphs[name];
      const file = await store.bytes(`${folder}/${name}.onnx`);
      sessions[name] = await ort.InferenceSession.create(file, options(place, outputs));
    }
    if (place.backend === "webgpu") {
      const device = await ort.env.webgpu.device;
      device.lost.then((/** @type {{message: string}} */ info) => onLost(info.message));
    }
    return new Networks(ort, manifest, sessions);
  }

  /** @param {string} name */
  has(name) {
    return name in this.sessions;
  }

  /**
   * Run one graph; it takes those of the tensors that it has inputs for.
   *
   * @param {string} name
   * @param {Tensors} tensors
   * @param {string[]} wanted outputs
   * @returns {Promise<Tensors>}
   */
  run(name, tensors, wanted) {
    const feeds = /** @type {Tensors} */ ({});
    for (const input of Object.keys(this.manifest.graphs[name].inputs)) {
      feeds[input] = tensors[input];
    }
    return this.sessions[name].run(feeds, wanted);
  }

  /**
   * @param {Float32Array} values
   * @param {number[]} shape
   * @returns {Tensor}
   */
  tensor(values, shape) {
    return new this.ort.Tensor("float32", values, shape);
  }
}

/**
 * Free the tensors' memory, which a graphics card does not do by itself.
 *
 * @param {Tensors} tensors
 */
export function release(tensors) {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}

/**
 * @param {import("./types.js").Place} place
 * @param {string[]} outputs
 */
function options(place, outputs) {
  const common = { graphOptimizationLevel: "all" };
  if (place.backend === "wasm") return { ...common, executionProviders: ["wasm"] };
  const kept = outputs.filter((name) => !READ.includes(name));
  return {
    ...common,
    executionProviders: ["webgpu"],
    preferredOutputLocation: Object.fromEntries(kept.map((name) => [name, "gpu-buffer"])),
  };
}
