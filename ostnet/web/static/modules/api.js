/**
 * `globalThis.ostnet`, for programs: one portrait, then single driving frames by their address.
 *
 * Both calls take the picture's centre square, as the Python package's Animator does. The page's
 * own portrait is another one.
 */

/**
 * @typedef {import("./types.js").Pose} Pose
 * @typedef {import("./types.js").Rectify} Rectify
 */

const POSES = ["portrait", "position", "driver"];
const WAYS = ["picture", "points"];

/**
 * @param {import("./computer.js").Computer} computer
 * @param {string[]} networks ids of all, from large to small
 */
export function makeApi(computer, networks) {
  const engine = async () => computer.engine;
  return {
    /** @type {Promise<{backend: string, threads: number}>} */
    ready: engine().then((it) => it.ready).then(({ backend, threads }) => ({ backend, threads })),

    networks,

    /** @returns {Promise<string>} id of the network in use */
    async network() {
      return (await (await engine()).ready).network;
    },

    /**
     * Load another network; portraits are then to be set again.
     *
     * @param {string} id
     */
    async setNetwork(id) {
      check("network", id, networks);
      await computer.use(id).ready;
    },

    /** @param {string} address */
    async setSource(address) {
      await (await engine()).setSource("program", absolute(address));
    },

    /**
     * @param {string} address
     * @param {{scaleTransform?: boolean, scaleEmbedding?: boolean, rectify?: Rectify, pose?: Pose,
     *     neutral?: string}} [options] neutral is the address of a picture with the driver's neutral
     *     pose; without it nothing moves, and portrait is the same as position
     * @returns {Promise<{image: ImageData, scale: [number, number], ms: number}>}
     */
    async animate(address, { scaleTransform = true, scaleEmbedding = true, rectify = "picture",
      pose = "driver", neutral } = {}) {
      check("pose", pose, POSES);
      check("rectify", rectify, WAYS);
      const it = await engine();
      const made = await it.animate("program", absolute(address), null, {
        variants: [[scaleTransform, scaleEmbedding]],
        rectify,
        pose,
        neutral: neutral === undefined ? undefined
          : await it.poseOf("program", absolute(neutral), rectify),
      });
      return { image: made.images[0], scale: made.scale, ms: made.ms };
    },
  };
}

/**
 * @param {string} option
 * @param {string} found
 * @param {string[]} known
 */
function check(option, found, known) {
  if (known.includes(found)) return;
  throw new Error(`${option}: found ${found}, expected one of ${known.join(", ")}`);
}

/** @param {string} address */
function absolute(address) {
  return new URL(address, document.baseURI).href;
}
