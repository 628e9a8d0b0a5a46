// Frame steps, shortcuts, the chart's play head beside the player, links into folded parts.
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
