// A drag or a key on the pad sends the event pick with both factors; the event place moves the knob.
const pad = element.querySelector('.pad');
const LEAST = Number(pad.dataset.least), MOST = Number(pad.dataset.most);
const span = Math.log(MOST / LEAST);
const share = value => Math.log(value / LEAST) / span;
const clip = value => Math.min(MOST, Math.max(LEAST, value));
const round = value => Math.round(clip(value) * 20) / 20;
let at = {x: 0.5, y: 0.5}, last = 0, rest;
const place = () => {
  const knob = pad.querySelector('b');
  knob.style.left = `${100 * share(at.x)}%`;
  knob.style.top = `${100 - 100 * share(at.y)}%`;
};
pad.querySelector('.down').style.left = `${100 * share(1)}%`;
pad.querySelector('.across').style.top = `${100 - 100 * share(1)}%`;
pad.addEventListener('place', event => { at = event.detail; place(); });
place();
const send = now => {
  clearTimeout(rest);
  rest = setTimeout(() => trigger('pick', at), 400);  // an older answer may come last
  if (!now && Date.now() - last < 300) return;
  last = Date.now();
  trigger('pick', at);
};
const drag = event => {
  const box = pad.getBoundingClientRect();
  at = {
    x: round(LEAST * Math.exp(span * (event.clientX - box.left) / box.width)),
    y: round(LEAST * Math.exp(span * (box.bottom - event.clientY) / box.height)),
  };
  place();
};
pad.addEventListener('pointerdown', event => {
  pad.setPointerCapture(event.pointerId);
  drag(event);
});
pad.addEventListener('pointermove', event => {
  if (!event.buttons) return;
  drag(event);
  send(false);
});
pad.addEventListener('pointerup', event => {
  drag(event);
  send(true);
});
pad.addEventListener('keydown', event => {
  const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]};
  const by = step[event.key];
  if (!by) return;
  event.preventDefault();
  at = {x: round(at.x + 0.05 * by[0]), y: round(at.y + 0.05 * by[1])};
  place();
  send(true);
});
