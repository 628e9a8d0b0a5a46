/** Choice of the back end: graphics card or processor, and the number of threads. */

/** @typedef {Omit<import("./types.js").Place, "network">} Place */

const MOST_THREADS = 8;

/** @type {Record<"wasm" | "jspi" | "asyncify", {entry: string, binary: string}>} */
export const RUNTIMES = {
  wasm: { entry: "ort.wasm.min.mjs", binary: "ort-wasm-simd-threaded" },
  jspi: { entry: "ort.jspi.min.mjs", binary: "ort-wasm-simd-threaded.jspi" },
  asyncify: { entry: "ort.webgpu.min.mjs", binary: "ort-wasm-simd-threaded.asyncify" },
};

/**
 * @param {import("./types.js").Backend | null} wanted null: the best there is
 * @param {number | null} threads null: a number chosen for this machine
 * @returns {Promise<Place>}
 */
export async function choose(wanted, threads) {
  const missing = wanted === "wasm" ? "" : await noWebGpu(wanted === "webgpu");
  const isolated = globalThis.crossOriginIsolated === true;
  const processors = Math.ceil((navigator.hardwareConcurrency || 2) / 2);
  const most = isolated ? MOST_THREADS : 1;
  if (wanted !== "wasm" && !missing) return { backend: "webgpu", threads: 1, note: "" };
  const place = { backend: /** @type {const} */ ("wasm"), note: missing,
    threads: Math.min(Math.max(threads ?? processors, 1), most) };
  if (!isolated && (threads ?? processors) > 1) {
    place.note += " One thread only: the server does not isolate this page.";
  }
  place.note = place.note.trim();
  return place;
}

/** @returns {"wasm" | "jspi" | "asyncify"} the build of the runtime for a back end */
export function runtimeFor(/** @type {import("./types.js").Backend} */ backend) {
  if (backend === "wasm") return "wasm";
  return "Suspending" in WebAssembly ? "jspi" : "asyncify";
}

/**
 * @param {boolean} anyAdapter whether a software adapter is accepted
 * @returns {Promise<string>} why there is no WebGPU; empty where there is
 */
async function noWebGpu(anyAdapter) {
  const gpu = /** @type {any} */ (navigator).gpu;
  if (!gpu) return "This browser has no WebGPU: the processor computes.";
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" })
    .catch(() => null);
  if (!adapter) return "WebGPU found no graphics card: the processor computes.";
  const slow = adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter;
  return slow && !anyAdapter ? "WebGPU is only emulated here: the processor computes." : "";
}
