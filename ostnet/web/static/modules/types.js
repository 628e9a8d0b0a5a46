/**
 * Types of the values that pass between the modules; this file has no code.
 *
 * @typedef {"wasm" | "webgpu"} Backend
 *
 * @typedef {object} Place The back end and the network in use.
 * @property {Backend} backend
 * @property {string} network its id
 * @property {number} threads of the processor
 * @property {string} note why no better back end is used; empty if there is no reason
 *
 * @typedef {object} Square A square of a picture, in its pixels.
 * @property {number} left
 * @property {number} top
 * @property {number} side
 *
 * @typedef {"" | "side" | "half"} Flaw What distorts the result: the face is seen from the side, or
 *     much of it is outside the picture.
 *
 * @typedef {object} Face
 * @property {Square} square around it
 * @property {Flaw} flaw
 *
 * @typedef {"page" | "program"} Owner Each has a portrait of its own: what a program sets is not
 *     shown on the page, and what is chosen there does not change a program's pictures.
 *
 * @typedef {"portrait" | "position" | "driver"} Pose Reference pose, see pose.js.
 *
 * @typedef {"picture" | "points"} Rectify How keypoints are brought to the portrait's scale: found
 *     in the rectified picture, or the driver's, divided by the scale.
 *
 * @typedef {"all" | "mouth" | "eyes" | "expression" | "head"} Region What is transferred; the rest
 *     stays as in the portrait.
 *
 * @typedef {object} Control Strengths of movements, from 0 (as in the portrait) to 1.5; 1 where there
 *     is none. They need the pose portrait.
 * @property {Region} [only] all where there is none
 * @property {number} [mouth]
 * @property {number} [eyelids]
 * @property {number} [head]
 *
 * @typedef {object} Second Where a frame is in a driver's time.
 * @property {number} number another number starts another first second
 * @property {number} time of this frame, in seconds
 * @property {boolean} keepsScale whether the scale of that second is used for all frames
 *
 * @typedef {object} FrameOptions How a driving frame is read, and what is made of it.
 * @property {[boolean, boolean][]} variants scale transformation and embedding of each result
 * @property {Rectify} [rectify] picture where there is none
 * @property {boolean} [rectified] whether the rectified driving frame is wanted too
 * @property {boolean} [mirror] whether the driving frame is mirrored first
 * @property {number} [zoom] how many times as large the driving face appears
 * @property {Pose} [pose] driver where there is none
 * @property {Control} [control] which parts move, and how strongly
 * @property {Float32Array} [neutral] the driver's neutral pose; without: as `second` says
 * @property {Second} [second] where the frame is in the driver's time; without it is a single
 *     picture, in which nothing moves: portrait is the same as position
 *
 * @typedef {object} Animated
 * @property {ImageData[]} images one for each variant
 * @property {ImageData} driving the driving frame as the networks see it
 * @property {ImageData | null} rectified the same at the portrait's scale, if it was wanted
 * @property {[number, number]} scale how many times larger the driving face is, along x and y
 * @property {number} ms the frame took in the networks
 *
 * @typedef {object} GraphFile
 * @property {Record<string, number[]>} inputs name -> shape
 * @property {string[]} outputs
 *
 * @typedef {object} Constants
 * @property {[number, number][]} base fiducial points of scale 1
 * @property {[number, number, number, number][]} openings upper and lower keypoint of lips and lids,
 *     and the two keypoints whose distance they are measured by
 * @property {[string, number[], number[]][]} parts of the face: name, keypoints whose middle the part
 *     moves about, and its keypoints; empty for a network without keypoints of lids and lips
 * @property {[string, string[]][]} regions name and parts that move
 *
 * @typedef {object} Manifest
 * @property {{resolution: number, scale_code: number}} config
 * @property {Record<string, GraphFile>} graphs
 * @property {Constants} constants
 *
 * @typedef {object} Site
 * @property {string} version
 * @property {{id: string, name: string}[]} networks from large to small
 * @property {string} runtime
 * @property {{portraits: string[], driving: string[]}} examples
 * @property {Record<string, number>} files
 *
 * @typedef {object} Start The first message to the worker.
 * @property {string} base address of the page's folder
 * @property {Site} site
 * @property {Backend | null} backend forced
 * @property {number | null} threads forced
 * @property {string | null} network forced; null: the largest on a graphics card, else the smallest
 */

export {};
