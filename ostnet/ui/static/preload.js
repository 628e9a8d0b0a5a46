// Moves the playing video into the page once the page is there.
(() => {
  const first = document.getElementById('preload'), video = first.querySelector('video');
  const moveIn = () => {
    const place = document.querySelector('#grid .player video');
    if (!place) return setTimeout(moveIn, 30);
    place.replaceChildren(); // avoids a second download
    place.load();
    place.replaceWith(video);
    first.remove();
    video.play().catch(() => {});
  };
  moveIn();
})();
