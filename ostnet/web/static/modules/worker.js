/** The worker: computes, so that the page stays responsive, and answers calls in order. */

import { Animator } from "./animator.js";
import { choose } from "./backend.js";
import { Finder } from "./finder.js";
import { Networks } from "./networks.js";
import { centreSquare, fetchPicture } from "./pictures.js";
import { Store } from "./store.js";

/** @type {Promise<Animator>} */
let animator;
/** @type {Store} */
let store;
/** @type {Promise<Finder> | undefined} */
let finder;
let turn = Promise.resolve();

/** @param {string} what @param {any} value @param {Transferable[]} moved */
function tell(what, value, moved = []) {
  self.postMessage({ what, value }, { transfer: moved });
}

/** @type {Record<string, (...values: any[]) => Promise<any>>} */
const CALLS = {
  async start(/** @type {import("./types.js").Start} */ start) {
    const found = await choose(start.backend, start.threads);
    const ids = start.site.networks.map(({ id }) => id);
    const best = found.backend === "webgpu" ? ids[0] : ids[ids.length - 1];
    const known = start.network !== null && ids.includes(start.network);
    const place = { ...found, network: (known && start.network) || best };
    store = new Store(start.base, start.site,
      (loaded, total) => tell("progress", { loaded, total }));
    animator = Networks.load(place, store, (reason) => tell("lost", reason))
      .then((networks) => new Animator(networks));
    await animator;
    return place;
  },

  async find(picture) {
    const face = await find(picture);
    picture.close();
    return face;
  },

  async setSource(owner, picture, square) {
    const [bitmap, part] = await opened(picture, square);
    await (await animator).setSource(owner, bitmap, part);
    bitmap.close();
  },

  async animate(owner, picture, square, wanted) {
    const [bitmap, part] = await opened(picture, square);
    try {
      const hasFace = () => find(bitmap)
        .then((face) => face !== null && face.flaw !== "half", () => true);
      return await (await animator).animate(owner, bitmap, part, wanted, hasFace);
    } finally {
      bitmap.close();
    }
  },

  async poseOf(owner, picture, rectify) {
    const [bitmap, part] = await opened(picture, null);
    try {
      return await (await animator).poseOf(owner, bitmap, part, rectify);
    } finally {
      bitmap.close();
    }
  },
};

/** @param {ImageBitmap} picture */
async function find(picture) {
  const { networks } = await animator;
  finder ??= Finder.load(networks.ort, store);
  return (await finder).find(picture);
}

/**
 * @param {ImageBitmap | string} picture or its address
 * @param {import("./types.js").Square | null} square null: the one in the middle
 * @returns {Promise<[ImageBitmap, import("./types.js").Square]>}
 */
async function opened(picture, square) {
  const bitmap = typeof picture === "string" ? await fetchPicture(picture) : picture;
  return [bitmap, square ?? centreSquare(bitmap.width, bitmap.height)];
}

self.onmessage = ({ data: { id, call, values } }) => {
  turn = turn.then(async () => {
    try {
      const value = await CALLS[call](...values);
      const images = [...(value?.images ?? []), value?.driving, value?.rectified].filter(Boolean);
      tell("answer", { id, value }, images.map((image) => image.data.buffer));
    } catch (error) {
      tell("answer", { id, error: error instanceof Error ? error.message : String(error) });
    }
  });
};
