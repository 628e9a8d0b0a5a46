// A still of a clip or picture that the browser cannot show, and a sentence that says so.
(() => {
  const cannotPlay = video => video.error || (video.readyState > 0 && !video.videoWidth);
  const cannotShow = image => image.complete && !image.naturalWidth;
  const check = (box, kind, cannot, place) => {
    const shown = document.querySelector(`#${box} ${kind}`);
    const note = document.querySelector(`#${box}-view .stand-in`);
    if (!note) return;
    const {still} = note.dataset;
    if (shown && cannot(shown) && shown[place] !== still) shown[place] = still;
    note.hidden = shown?.[place] !== still;
  };
  const checkBoth = () => {
    check('portrait', 'img', cannotShow, 'src');
    check('driving', 'video', cannotPlay, 'poster');
  };
  for (const event of ['load', 'loadedmetadata', 'error']) addEventListener(event, checkBoth, true);
  // Boxes are filled and emptied, and the still arrives, without any of these events.
  new MutationObserver(checkBoth).observe(document, {childList: true, subtree: true});
})();
