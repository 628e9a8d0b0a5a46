// The frame is as high as the page in it, so that only one of the two scrolls.
const frame = element.querySelector('iframe');
const fit = () => {
  const page = frame.contentDocument?.body;
  if (page?.offsetHeight) frame.style.height = `${page.offsetTop + page.offsetHeight + 16}px`;
};
const watchPage = () => {
  fit();
  if (frame.contentDocument?.body) new ResizeObserver(fit).observe(frame.contentDocument.body);
};
frame.addEventListener('load', watchPage);
watchPage();
