/**
 * `globalThis.ostnet`, for programs: one portrait, then single driving frames by their address.
 *
 * Both calls take the picture's centre square, as the Python package's Animator does. The page's
 * own portrait is another one.
 */

/**
 * @typedef {import("./types.js").Pose} Pose
 * @typedef {import("./types.js").Rectify} Rectify
 * @typedef {import("./types.js").Control} Control
 */

const POSES = ["portrait", "position", "driver"];
const WAYS = ["picture", "points"];
const REGIONS = ["all", "mouth", "eyes", "expression", "head"];
const STRONGEST = 1.5;

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
     *     neutral?: string} & Control} [options] neutral is the address of a picture with the driver's neutral
     *     pose; without it nothing moves, and portrait is the same as position
     * @returns {Promise<{image: ImageData, scale: [number, number], ms: number}>}
     */
    async animate(address, { scaleTransform = true, scaleEmbedding = true, rectify = "picture",
      pose = "driver", neutral, only = "all", mouth = 1, eyelids = 1, head = 1 } = {}) {
      check("pose", pose, POSES);
      check("rectify", rectify, WAYS);
      const strengths = { mouth, eyelids, head };
      checkControl(pose, only, strengths);
      const it = await engine();
      const made = await it.animate("program", absolute(address), null, {
        variants: [[scaleTransform, scaleEmbedding]],
        rectify,
        pose,
        control: { only, ...strengths },
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

/**
 * @param {Pose} pose
 * @param {string} only
 * @param {Record<string, number>} strengths
 */
function checkControl(pose, only, strengths) {
  check("only", only, REGIONS);
  const values = Object.entries(strengths);
  for (const [name, value] of values) {
    if (value >= 0 && value <= STRONGEST) continue;
    throw new Error(`${name}: found ${value}, expected a number from 0 to ${STRONGEST}`);
  }
  if (only !== "all" || values.some(([, value]) => value !== 1)) check("pose", pose, ["portrait"]);
}

/** @param {string} address */
function absolute(address) {
  return new URL(address, document.baseURI).href;
}
