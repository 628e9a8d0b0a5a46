// A drag or a key on a canvas sends the event draw with the square, a click the event pick with
// the number of the face under it.
const MOST = 0.98, LEAST = 16;
let held = null; // {figure, x, y, square}
const numbers = text => text.split(',').map(Number);
const spot = (figure, event) => { // in pixels of the picture
  const box = figure.querySelector('img').getBoundingClientRect();
  const [width, height] = numbers(figure.dataset.size);
  return [(event.clientX - box.left) / box.width * width,
          (event.clientY - box.top) / box.height * height];
};
const between = (value, least, most) => Math.min(Math.max(value, least), most);
const show = (figure, [left, top, side]) => {
  const [width, height] = numbers(figure.dataset.size), mark = figure.querySelector('b');
  mark.style.cssText = `display: block; left: ${100 * left / width}%; top: ${100 * top / height}%;
    width: ${100 * side / width}%; height: ${100 * side / height}%`;
};
const send = (figure, square) => {
  figure.dataset.square = square;
  show(figure, square);
  figure.classList.remove('large');
  trigger('draw', {square: square.join(',')});
};
const drawn = (figure, [x, y], event) => {
  const [width, height] = numbers(figure.dataset.size), [toX, toY] = spot(figure, event);
  const right = toX > x, down = toY > y;
  const side = Math.round(Math.min(
    Math.max(Math.abs(toX - x), Math.abs(toY - y)),
    right ? width - x : x, down ? height - y : y));
  return [Math.round(right ? x : x - side), Math.round(down ? y : y - side), side];
};
element.addEventListener('pointerdown', event => {
  const figure = event.target.closest('.canvas');
  if (!figure || event.button || event.target.closest('button')) return;
  const large = figure.classList.contains('large');
  if (event.pointerType === 'touch' && !large) return figure.classList.add('large');
  if (event.target.tagName !== 'IMG') return figure.classList.remove('large');
  event.preventDefault();
  figure.focus({preventScroll: true});
  figure.setPointerCapture(event.pointerId); // clicks then have the figure as target
  held = {figure, from: spot(figure, event), square: null};
});
element.addEventListener('pointermove', event => {
  if (!held) return;
  held.square = drawn(held.figure, held.from, event);
  show(held.figure, held.square);
});
const pick = (figure, [x, y]) => {
  const faces = (figure.dataset.faces ?? '').split(' ').filter(Boolean).map(numbers);
  const hit = faces.findIndex(([left, top, side]) => // the first one is the largest
    x >= left && x < left + side && y >= top && y < top + side);
  if (hit >= 0) trigger('pick', {face: String(hit + 1)});
};
element.addEventListener('pointerup', () => {
  if (held?.square?.[2] >= LEAST) send(held.figure, held.square);
  else if (held) pick(held.figure, held.from);
  held = null;
});
element.addEventListener('pointercancel', () => { held = null; });
element.addEventListener('dblclick', event => {
  if (event.target.closest('.canvas') && !event.target.closest('button')) {
    trigger('draw', {square: ''});
  }
});
element.addEventListener('click', event => {
  if (event.target.closest('.canvas button')) {
    event.target.closest('.canvas').classList.toggle('large');
  }
});
element.addEventListener('keydown', event => {
  const figure = event.target.closest('.canvas');
  if (!figure || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = {ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, -1, 0],
    ArrowDown: [0, 1, 0], '+': [-1, -1, 2], '-': [1, 1, -2]}[event.key];
  if (event.key === 'Delete' || event.key === 'Backspace') trigger('draw', {square: ''});
  if (!step) return;
  event.preventDefault();
  const square = numbers(figure.dataset.square), by = Math.max(1, Math.round(square[2] / 40));
  const [width, height] = numbers(figure.dataset.size);
  const side = between(square[2] + by * step[2], LEAST, 2 * Math.max(width, height));
  send(figure, [
    between(square[0] + by * step[0], Math.round(-side * MOST), Math.round(width * MOST)),
    between(square[1] + by * step[1], Math.round(-side * MOST), Math.round(height * MOST)),
    side]);
});
