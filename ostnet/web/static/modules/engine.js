/** The page's access to the worker: calls that return promises. */

/**
 * @typedef {import("./types.js").Place} Place
 * @typedef {import("./types.js").Square} Square
 * @typedef {import("./types.js").Animated} Animated
 * @typedef {import("./types.js").Owner} Owner
 */

export class Engine {
  /**
   * @param {Omit<import("./types.js").Start, "base" | "site">} forced
   * @param {(loaded: number, total: number) => void} onProgress
   * @param {(reason: string) => void} onLost called if the graphics card and this engine are lost
   */
  constructor(forced, onProgress, onLost) {
    this.worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
    this.waiting = new Map();
    this.calls = 0;
    this.worker.onmessage = ({ data: { what, value } }) => {
      if (what === "progress") onProgress(value.loaded, value.total);
      if (what === "lost") onLost(value);
      if (what === "answer") this.#settle(value);
    };
    this.worker.onerror = (event) => this.#fail(event.message || "the worker could not start");
    const site = /** @type {any} */ (globalThis).ostnetSite;
    const base = new URL("./", document.baseURI).href;
    /** @type {Promise<Place>} */
    this.ready = this.#call("start", [{ ...forced, base, site }]);
  }

  /**
   * @param {ImageBitmap} picture transferred: unusable afterwards
   * @returns {Promise<import("./types.js").Face | null>} its largest one; null where there is none
   */
  find(picture) {
    return this.#call("find", [picture]);
  }

  /**
   * @param {Owner} owner
   * @param {ImageBitmap | string} picture or its address; a bitmap is transferred, then unusable
   * @param {Square | null} square null: the one in the middle
   * @returns {Promise<void>}
   */
  setSource(owner, picture, square = null) {
    return this.#call("setSource", [owner, picture, square]);
  }

  /**
   * @param {Owner} owner whose portrait is animated
   * @param {ImageBitmap | string} picture
   * @param {Square | null} square
   * @param {import("./types.js").FrameOptions} wanted
   * @returns {Promise<Animated>}
   */
  animate(owner, picture, square, wanted) {
    return this.#call("animate", [owner, picture, square, wanted]);
  }

  /**
   * @param {Owner} owner
   * @param {string} picture its address
   * @param {import("./types.js").Rectify} rectify
   * @returns {Promise<Float32Array>} the driver's pose in it, as `neutral` takes it
   */
  poseOf(owner, picture, rectify) {
    return this.#call("poseOf", [owner, picture, rectify]);
  }

  /** End the worker; pending calls are rejected. */
  close() {
    this.worker.terminate();
    this.#fail("the engine was closed");
  }

  /**
   * @param {string} call
   * @param {any[]} values
   * @returns {Promise<any>}
   */
  #call(call, values) {
    const id = this.calls++;
    const answer = new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    const moved = values.filter((value) => value instanceof ImageBitmap);
    this.worker.postMessage({ id, call, values }, moved);
    return answer;
  }

  /** @param {{id: number, value: any, error?: string}} answer */
  #settle({ id, value, error }) {
    const caller = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) caller?.resolve(value);
    else caller?.reject(new Error(error));
  }

  /** @param {string} reason */
  #fail(reason) {
    for (const { reject } of this.waiting.values()) reject(new Error(reason));
    this.waiting.clear();
  }
}
