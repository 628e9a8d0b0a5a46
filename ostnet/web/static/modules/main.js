import { Engine } from "./engine.js";
import { makeApi } from "./api.js";
const q = new URLSearchParams(location.search);
const engine = new Engine({backend: q.get("backend"), threads: q.get("threads") ? Number(q.get("threads")) : null}, ()=>{}, ()=>{});
globalThis.ostnet = makeApi(async () => engine);
