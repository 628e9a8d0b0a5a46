"""A square to drag in: how many times as wide and as high the driving face is made."""

import gradio as gr

LEAST, MOST = 0.4, 2.0

_HTML = """<div class="pad" tabindex="0" role="application"
 aria-label="Size of the driving face: left and right for its width, up and down for its height">
<i class="across"></i><i class="down"></i><b></b>
<em style="left:.4rem;top:50%">narrow</em><em style="right:.4rem;top:50%">wide</em>
<em style="left:0;right:0;text-align:center;top:.3rem">tall</em>
<em style="left:0;right:0;text-align:center;bottom:.3rem">short</em></div>"""

_LOGIC = f"""
const pad = element.querySelector('.pad'), span = Math.log({MOST} / {LEAST});
const share = value => Math.log(value / {LEAST}) / span;
const clip = value => Math.min({MOST}, Math.max({LEAST}, value));
const round = value => Math.round(clip(value) * 20) / 20;
let at = {{x: 0.5, y: 0.5}}, last = 0, rest;
const place = () => {{
  const knob = pad.querySelector('b');
  knob.style.left = `${{100 * share(at.x)}}%`;
  knob.style.top = `${{100 - 100 * share(at.y)}}%`;
}};
pad.querySelector('.down').style.left = `${{100 * share(1)}}%`;
pad.querySelector('.across').style.top = `${{100 - 100 * share(1)}}%`;
pad.addEventListener('place', event => {{ at = event.detail; place(); }});
place();
const send = now => {{
  clearTimeout(rest);
  rest = setTimeout(() => trigger('pick', at), 400);  // answers may overtake one another
  if (!now && Date.now() - last < 300) return;
  last = Date.now();
  trigger('pick', at);
}};
const drag = event => {{
  const box = pad.getBoundingClientRect();
  at = {{
    x: round({LEAST} * Math.exp(span * (event.clientX - box.left) / box.width)),
    y: round({LEAST} * Math.exp(span * (box.bottom - event.clientY) / box.height)),
  }};
  place();
}};
pad.addEventListener('pointerdown', event => {{
  pad.setPointerCapture(event.pointerId);
  drag(event);
}});
pad.addEventListener('pointermove', event => {{
  if (!event.buttons) return;
  drag(event);
  send(false);
}});
pad.addEventListener('pointerup', event => {{
  drag(event);
  send(true);
}});
pad.addEventListener('keydown', event => {{
  const step = {{ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1]}};
  const by = step[event.key];
  if (!by) return;
  event.preventDefault();
  at = {{x: round(at.x + 0.05 * by[0]), y: round(at.y + 0.05 * by[1])}};
  place();
  send(true);
}});
"""

_PLACE = """(x, y) => {
  const detail = {x, y};
  document.querySelector('#stress-pad .pad')?.dispatchEvent(new CustomEvent('place', {detail}));
}"""


def build(x: gr.Slider, y: gr.Slider) -> None:
    """The pad beside two sliders that hold its values; either moves the other."""
    pad = gr.HTML(_HTML, js_on_load=_LOGIC, elem_id="stress-pad")

    def picked(event: gr.EventData) -> tuple[float, float]:
        return float(event.x), float(event.y)

    pad.pick(picked, None, [x, y], show_progress="hidden", queue=False, api_visibility="private")
    gr.on(  # not at every change: what the pad itself has set may come back late
        [x.input, y.input], None, [x, y], None, js=_PLACE, queue=False, api_visibility="private"
    )
