// Moves the video that plays already into the page once that is there.
(() => {
  const first = document.getElementById('preload'), video = first.querySelector('video');
  const moveIn = () => {
    const place = document.querySelector('#grid .player video');
    if (!place) return setTimeout(moveIn, 30);
    place.replaceChildren(); // it need not load what plays already
    place.load();
    place.replaceWith(video);
    first.remove();
    video.play().catch(() => {});
  };
  moveIn();
})();
