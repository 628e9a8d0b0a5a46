/** Connects the page's inputs, its engine and its panes. */

import { makeApi } from "./api.js";
import { Computer } from "./computer.js";
import { Driver } from "./driver.js";
import { button, element, input, say, unsay } from "./elements.js";
import { Live } from "./live.js";
import { keepForLater } from "./offline.js";
import { Portrait } from "./portrait.js";
import { Recorder } from "./recorder.js";
import { FOUR, Stage } from "./stage.js";
import { Store } from "./store.js";
import { Trace } from "./trace.js";
import { WORDS } from "./words.js";

/** @type {import("./types.js").Site} */
const site = /** @type {any} */ (globalThis).ostnetSite;
const stage = new Stage(() => live.refresh());
const trace = new Trace();
const recorder = new Recorder();
const portrait = new Portrait(portraitChanged, (picture) => computer.engine.find(picture));
const driver = new Driver(driverChanged, new Store(new URL("./", document.baseURI).href, site));
const computer = new Computer(portraitChanged, site.networks);
const live = new Live(step, showRate);
const start = button("start");
const consent = /** @type {HTMLInputElement} */ (document.querySelector("#consent input"));
const STRENGTHS = ["mouth", "eyelids", "head"];
const query = new URLSearchParams(location.search);
const clean = query.has("stage"); // the result alone, see style.css
let fresh = false; // whether the engine has the chosen portrait and square
let known = false; // whether it has any portrait
let ms = 0;
let seconds = 0; // number of the present first second

/** @type {any} */ (globalThis).ostnet = makeApi(computer, site.networks.map(({ id }) => id));

const zoom = () => 2 ** Number(input("zoom").value);

/** @returns {import("./types.js").FrameOptions} */
function wanted() {
  const all = input("all").checked;
  return {
    variants: all ? FOUR.map(([, on]) => on)
      : [[input("transform").checked, input("embedding").checked]],
    rectify: "points",
    rectified: stage.showsRectified && (all || input("transform").checked),
    mirror: input("mirror").checked,
    zoom: zoom(),
    ...reference(),
  };
}

/** Return the options of head pose and scale, and of the second that they start from. */
function reference() {
  const keepsScale = input("keep-scale").checked;
  const pose = /** @type {import("./types.js").Pose} */ (
    document.querySelector("#pose input:checked")?.getAttribute("value"));
  const second = { number: seconds, time: driver.time, keepsScale };
  const control = pose === "portrait" ? chosenControl() : undefined;
  return pose === "driver" && !keepsScale ? { pose } : { pose, control, second };
}

/** @returns {import("./types.js").Control} */
function chosenControl() {
  const [mouth, eyelids, head] = STRENGTHS.map((name) => Number(input(name).value));
  const only = /** @type {any} */ (element("only", HTMLSelectElement).value);
  return { only, mouth, eyelids, head };
}

/** Show the strengths; they can be changed for the portrait's own pose only. */
function showStrengths() {
  for (const name of STRENGTHS) {
    element(`${name}-shown`, HTMLOutputElement).textContent = Number(input(name).value).toFixed(2);
  }
  const own = document.querySelector("#pose [value=portrait]:checked");
  element("control", HTMLFieldSetElement).disabled = !own;
  live.refresh();
}

/** Start another first second, with another neutral pose and scale. */
function startSecond() {
  seconds += 1;
  live.refresh();
}

/** @param {boolean} again */
async function step(again) {
  const { engine } = computer;
  try {
    await engine.ready;
    if (!allowed()) return false;
    if (!fresh && portrait.picture) {
      fresh = known = true;
      await engine.setSource(
        "page", await createImageBitmap(portrait.picture), portrait.square);
    }
    const frame = known ? await driver.grab(again) : null;
    if (!frame) return false;
    const made = await engine.animate("page", frame, null, wanted());
    stage.show(made);
    trace.add(made.scale);
    recorder.add(stage.result);
    ms = made.ms;
    return true;
  } catch (error) {
    if (engine === computer.engine) {
      pause();
      say(error instanceof Error ? error.message : String(error), "run");
    }
    return false;
  }
}

function allowed() {
  return !portrait.own || consent.checked;
}

function portraitChanged() {
  fresh = false;
  if (portrait.picture) stage.showSource(portrait.picture, portrait.square);
  consent.disabled = !portrait.own;
  startSecond();
}

/** @param {boolean} camera */
function driverChanged(camera) {
  input("mirror").checked = clean ? query.has("mirror") : camera;
  trace.clear();
  if (camera) go();
  else if (live.on) driver.play();
  startSecond();
}

function go() {
  if (!allowed()) return say(clean ? WORDS.consentInAddress : WORDS.consent, "consent");
  unsay("run");
  live.start();
  driver.play();
  start.textContent = "Freeze";
  button("record").disabled = false;
}

function pause() {
  live.stop();
  driver.pause();
  start.textContent = "Continue";
}

/** @param {number} rate */
function showRate(rate) {
  element("pace", HTMLOutputElement).textContent =
    `${rate.toFixed(1)} frames a second, ${ms.toFixed(0)} ms each`;
}

function listen() {
  start.onclick = () => (live.on ? pause() : go());
  for (const id of ["transform", "embedding"]) input(id).onchange = () => live.refresh();
  for (const id of ["mirror", "keep-scale"]) input(id).onchange = startSecond;
  button("neutral").onclick = startSecond;
  element("pose", HTMLFieldSetElement).addEventListener("change", showStrengths);
  element("control", HTMLFieldSetElement).addEventListener("input", showStrengths);
  input("all").onchange = () => {
    const on = input("all").checked;
    stage.four = on;
    input("transform").disabled = input("embedding").disabled = on;
    live.refresh();
  };
  input("zoom").oninput = () => {
    element("zoom-shown", HTMLOutputElement).textContent = zoom().toFixed(2);
    startSecond();
  };
  consent.onchange = () => {
    unsay("consent");
    live.refresh();
  };
  button("photograph").onclick = async () => {
    if (!driver.isCamera && !(await driver.openCamera())) return;
    const picture = await driver.grab(true);
    if (picture) portrait.take(picture);
  };
  button("full").onclick = () => stage.result.parentElement?.requestFullscreen?.()
    .catch(() => say(WORDS.noFull));
  document.addEventListener("visibilitychange", () => {
    if (!live.on) return;
    if (document.hidden) driver.pause();
    else driver.play().then(() => say(WORDS.hidden));
  });
}

async function open() {
  listen();
  showStrengths();
  element("about", HTMLParagraphElement).innerHTML =
    `Networks: ${site.networks.map(({ id, name }) =>
      `<a href="graphs/${id}/README.md">${name}</a>`).join(", ")}, computed by onnxruntime-web ` +
    `${site.runtime}. The method: <i>Learning Online Scale Transformation for Talking Head Video ` +
    "Generation</i>, arXiv 2407.09965." +
    (site.examples.driving.length
      ? ' Examples: <a href="examples/README.md">origins and licences</a>.' : "");
  portrait.offer(site.examples.portraits);
  driver.offer(site.examples.driving);
  const picture = query.get("portrait") ?? site.examples.portraits[0];
  const clip = query.get("clip") ?? site.examples.driving[0];
  if (picture && (!query.has("portrait") || site.examples.portraits.includes(picture))) {
    await portrait.load(picture);
  } else if (picture) {
    await portrait.fetch(picture);
  }
  if (query.has("camera")) await driver.openCamera();
  else if (clip && !driver.choices) await driver.load(clip).catch(() => say(WORDS.noClip, "driver"));
  const place = await computer.engine.ready;
  start.disabled = false;
  if (clean) go();
  keepForLater(place);
}

/** Show the result alone, on the background that the address names. */
function clear() {
  const colour = query.get("background") ?? "transparent";
  const hex = `#${colour}`;
  document.body.style.background = CSS.supports("color", hex) ? hex : colour;
  consent.checked = query.has("consent");
}

if (clean) clear();
open();
