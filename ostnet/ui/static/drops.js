// Files dropped anywhere on the page are uploaded; the event take sends their paths, the names of
// those that are refused with the reason, and the box that they were dropped on.
const NOTHING = 'found neither a picture nor a clip by its name; drop a JPEG, PNG or HEIC ' +
  'picture, or an MP4 or MOV clip';
const veil = element.querySelector('.veil'), words = veil.querySelector('p');
const invitation = words.textContent, suffixes = veil.dataset.suffixes.split(' ');
let own = false; // whether something of the page itself is dragged
let busy = false;
const carries = event => !own && event.dataTransfer?.types.includes('Files');
const fits = ({name, type}) => /^(image|video)\//.test(type) ||
  suffixes.some(suffix => name.toLowerCase().endsWith(suffix));
const show = on => { veil.hidden = !on; };

const take = async (files, box) => {
  const taken = {box, files: [], refused: []};
  for (const file of files) {
    words.textContent = `Uploading ${file.name}…`;
    if (!fits(file)) taken.refused.push(`${file.name}: ${NOTHING}`);
    else await upload(file).then(
      ({path}) => taken.files.push(path),
      error => taken.refused.push(`${file.name}: ${error.message}`));
  }
  document.querySelector('[role=tab][data-tab-id=animate]')?.click();
  trigger('take', taken);
};

document.addEventListener('dragstart', () => { own = true; });
document.addEventListener('dragend', () => { own = false; });
// In the capturing phase: the boxes' own handlers would upload what they do not take.
window.addEventListener('dragover', event => {
  if (!carries(event)) return;
  event.preventDefault();
  event.stopPropagation();
  event.dataTransfer.dropEffect = busy ? 'none' : 'copy';
  show(true);
}, true);
window.addEventListener('dragleave', event => {
  if (!event.relatedTarget && !busy) show(false); // the pointer has left the window
}, true);
window.addEventListener('drop', async event => {
  if (!carries(event)) return;
  event.preventDefault();
  event.stopPropagation();
  if (busy) return;
  busy = true;
  show(true);
  await take([...event.dataTransfer.files], event.target.closest('#still, #more')?.id ?? '');
  busy = false;
  show(false);
  words.textContent = invitation;
}, true);
