"""The video player: looping, with single frames and, for comparisons, a play head."""

import html
from pathlib import Path
from urllib.parse import quote

NARROW = 600
"""Windows up to this many pixels wide get the version of two columns."""

_BUTTONS = (
    ("-1", "◀ frame", "one frame back (key ,)"),
    ("0", "play / pause", "play or pause (key k)"),
    ("1", "frame ▶", "one frame on (key .)"),
)


def player(
    wide: Path,
    fps: float,
    narrow: Path | None = None,
    about: str = "",
    caption: str = "",
    sound: bool = False,
) -> str:
    """A video with its buttons, as HTML; ``about`` is read out to who cannot see it."""
    sources = [f'<source src="{_address(wide)}" type="video/mp4">']
    if narrow is not None:
        sources.insert(
            0,
            f'<source src="{_address(narrow)}" type="video/mp4" media="(max-width: {NARROW}px)">',
        )
    buttons = "".join(
        f'<button type="button" data-step="{step}" title="{title}">{label}</button>'
        for step, label, title in _BUTTONS
    )
    return (
        f'<div class="player" data-fps="{fps:.6f}">'
        f'<video {"" if sound else "muted "}autoplay loop playsinline controls preload="auto" '
        f'aria-label="{html.escape(about, quote=True)}">{"".join(sources)}</video>'
        f'<div class="steps">{buttons}<output></output>'
        f"<span>{html.escape(caption)}</span></div></div>"
    )


def _address(file: Path) -> str:
    """Where gradio serves a file of its cache or of a static folder."""
    return f"gradio_api/file={quote(str(file))}"


SCRIPT = """
(() => {
  const onPage = element => element && element.offsetParent !== null;
  const current = () => [...document.querySelectorAll('.player')].find(onPage);
  const typing = target =>
    target.closest('input, textarea, select, [contenteditable], [role=slider], video');
  const step = (box, by) => {
    const video = box.querySelector('video');
    if (by === 0) return video.paused ? video.play() : video.pause();
    video.pause();
    const fps = Number(box.dataset.fps), last = Math.round(video.duration * fps) - 1;
    const frame = Math.floor(video.currentTime * fps + 1e-3) + by;
    video.currentTime = (Math.min(Math.max(frame, 0), last) + 0.5) / fps;
  };
  const follow = () => {
    for (const box of [...document.querySelectorAll('.player')].filter(onPage)) {
      const video = box.querySelector('video');
      if (!video || !video.duration) continue;
      const frame = Math.floor(video.currentTime * Number(box.dataset.fps) + 1e-3);
      const text = `frame ${frame + 1}`;
      const shown = box.querySelector('output');
      if (shown.textContent !== text) shown.textContent = text;
      const plot = box.closest('#grid') && document.querySelector('#chart .plot .frame');
      const head = plot && plot.querySelector('.head');
      if (head) head.style.left = `${100 * video.currentTime / Number(plot.dataset.seconds)}%`;
    }
    requestAnimationFrame(follow);
  };
  requestAnimationFrame(follow);
  document.addEventListener('click', event => {
    const button = event.target.closest('[data-step]');
    if (button) step(button.closest('.player'), Number(button.dataset.step));
    const entry = event.target.closest('.contents a');
    const part = entry && document.querySelector(entry.getAttribute('href'));
    if (part) {
      event.preventDefault();
      if ('open' in part) part.open = true;
      else part.querySelector('button:not(.open)')?.click();
      part.scrollIntoView({behavior: 'smooth'});
    }
  });
  document.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      document.querySelector('#run:not([disabled])')?.click();
    } else if (event.altKey || event.ctrlKey || event.metaKey || typing(event.target)) {
      return;
    } else if (event.key === 'Escape') {
      const stop = document.querySelector('#stop');
      if (onPage(stop)) stop.click();
    } else if (current() && [',', '.', 'k'].includes(event.key)) {
      step(current(), { ',': -1, '.': 1, k: 0 }[event.key]);
    }
  });
})();
"""
"""Frame steps, shortcuts, the play head of the chart beside the player, links into folded parts."""
