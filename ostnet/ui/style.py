"""Theme and style sheet: system fonts only, so that the page asks no other host for anything."""

import gradio as gr

THEME = gr.themes.Default(
    primary_hue=gr.themes.colors.teal,
    secondary_hue=gr.themes.colors.teal,
    neutral_hue=gr.themes.colors.slate,
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
)

CSS = """
.gradio-container { max-width: 1680px !important; margin: 0 auto !important;
  overflow: clip !important; } /* hidden would keep the button from staying in view */
.gradio-container > .main { max-width: none !important; padding: .7rem 1.2rem !important; }
#intro h1 { margin: 0 0 .15rem; font-size: 1.4rem; }
#intro p { margin: 0; max-width: 75rem; line-height: 1.4; }

/* inputs beside the result, where there is room */
@media (min-width: 1000px) {
  #stage { display: grid !important; grid-template-columns: minmax(400px, 29%) minmax(0, 1fr);
    gap: 1.2rem; }
}
#stage > .column > * { flex-grow: 0; }
#pair { flex-wrap: nowrap; gap: .6rem; }
#bar { position: sticky; bottom: 0; top: 0; z-index: 100; padding: .5rem 0 .4rem; gap: .2rem;
  background: var(--body-background-fill); }
#bar .fine p { margin: 0; font-size: .76rem; line-height: 1.3; }
#inputs, #outcome, #results, #mine { gap: .6rem; }

.shelf { display: grid; grid-template-columns: repeat(3, 1fr); gap: .35rem; }
.shelf button { display: block; padding: 0; border: 1px solid var(--border-color-primary);
  border-radius: 6px; overflow: hidden; background: var(--background-fill-secondary);
  color: var(--body-text-color); font-weight: 400; cursor: pointer; }
.shelf button:hover, .shelf button:focus-visible { border-color: var(--color-accent); }
.shelf img { width: 100%; aspect-ratio: 1; object-fit: cover; display: block; margin: 0; }
.shelf span { display: block; padding: .15rem .1rem; font-size: .68rem; line-height: 1.15; }

.figures { display: grid; gap: .6rem;
  grid-template-columns: repeat(auto-fit, minmax(min(var(--least), 46%), 1fr)); }
.figures figure { margin: 0; min-width: 0; }
.figures img { width: 100%; display: block; border-radius: 6px; background: #18181b; }
.figures figcaption { margin-top: .3rem; font-size: .86rem; line-height: 1.3;
  color: var(--body-text-color); }
#portrait-view figcaption, #driving-view figcaption { font-size: .72rem; line-height: 1.2; }

.canvas { cursor: crosshair; }
.canvas div { position: relative; }
.canvas img { user-select: none; }
.canvas b { display: none; position: absolute; box-sizing: border-box; pointer-events: none;
  border: 2px solid white; outline: 1px solid #000a; background: #fff2; }
.canvas button { position: absolute; right: 3px; top: 3px; padding: 0 .3rem; border-radius: 4px;
  border: 0; background: #000a; color: white; cursor: pointer; font-size: .8rem; }
.canvas:focus-visible { outline: 2px solid var(--color-accent); }
.canvas.large { position: fixed; inset: 0; z-index: 1000; background: #000d; display: grid;
  place-content: center; }
.canvas.large img { width: auto; height: auto; min-width: min(86vw, 86vh); max-width: 94vw;
  max-height: 90vh; touch-action: none; }
.canvas.large figcaption { color: white; text-align: center; }

.note { margin: .4rem 0 0; padding: .45rem .75rem; border-radius: 6px; font-size: .9rem;
  border-left: 4px solid var(--color-accent); background: var(--background-fill-secondary);
  color: var(--body-text-color); }
.note.warn { border-color: #d97706; }
.note.good { font-size: 1.08rem; font-weight: 600; line-height: 1.35; margin-top: 0; }
.fine, .fine p { font-size: .8rem; line-height: 1.35; color: var(--body-text-color-subdued); }
p.fine { margin: .3rem 0 0; }

.progress progress { width: 100%; height: .8rem; accent-color: var(--color-accent); }
.progress p { margin: .25rem 0 .5rem; }

.player video { width: 100%; max-height: 52vh; display: block; border-radius: 6px;
  background: #18181b; }
.steps { display: flex; gap: .4rem; align-items: center; margin-top: .35rem; font-size: .8rem; }
.steps button { font: inherit; padding: .1rem .55rem; border: 1px solid var(--border-color-primary);
  border-radius: 5px; background: var(--background-fill-secondary); color: var(--body-text-color);
  cursor: pointer; }
.steps output { color: var(--body-text-color-subdued); min-width: 4.5rem; }
.steps span { margin-left: auto; text-align: right; color: var(--body-text-color-subdued); }

.plot, .bars { margin: 0; }
.plot figcaption, .bars figcaption { font-size: .85rem; font-weight: 600; margin-bottom: .3rem;
  color: var(--body-text-color); }
.plot .frame { position: relative; height: 150px; margin-left: 2rem; }
.plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.plot polyline { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.plot .frame i { position: absolute; left: 0; right: 0; height: 0; font-style: normal;
  border-top: 1px solid var(--border-color-primary); font-size: .72rem; line-height: 0;
  color: var(--body-text-color-subdued); text-indent: -2rem; }
.plot .head { position: absolute; top: 0; bottom: 0; left: 0; width: 0;
  border-left: 2px solid var(--body-text-color); opacity: .55; }
.plot .axis { position: relative; height: 1.1rem; margin-left: 2rem; font-size: .72rem;
  color: var(--body-text-color-subdued); }
.plot .axis b { position: absolute; top: .15rem; transform: translateX(-50%); font-weight: 400; }
.plot .axis em { position: absolute; right: -.2rem; top: .15rem; font-style: normal; }
.keys { display: flex; flex-wrap: wrap; gap: .1rem .9rem; margin: .3rem 0 0; padding: 0 0 0 2rem;
  list-style: none; font-size: .78rem; color: var(--body-text-color); }
.keys s { display: inline-block; width: 1.1rem; height: 3px; margin-right: .35rem;
  vertical-align: middle; background: var(--key); }

.bars dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem .7rem; margin: 0;
  font-size: .84rem; align-items: center; color: var(--body-text-color); }
.bars dd { display: flex; gap: .6rem; align-items: center; margin: 0; }
.bars dd div { position: relative; flex: 1; height: .9rem; border-radius: 3px;
  background: var(--background-fill-secondary); }
.bars dd s { position: absolute; inset: 0 auto 0 0; border-radius: 3px; }
.bars dd u { position: absolute; top: calc(50% - 1px); height: 0;
  border-top: 2px solid var(--body-text-color); }
.bars dd q { position: absolute; top: -.15rem; bottom: -.15rem;
  border-left: 2px dotted var(--body-text-color); quotes: none; }
.bars dd b { min-width: 3.4rem; text-align: right; font-weight: 500; }

.claims { display: grid; gap: 1.2rem 2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr)); }
.claims h3 { margin: 0 0 .6rem; font-size: 1.02rem; line-height: 1.35; }
.contents ul { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; padding: 0;
  margin: 1.1rem 0 .2rem; list-style: none; font-size: .88rem; }
#reports details { border: 1px solid var(--border-color-primary); border-radius: 6px;
  padding: .55rem .8rem; margin-bottom: .6rem; }
#reports summary h3 { display: inline; font-size: .95rem; margin: 0; }

#stress-pad .pad { position: relative; width: 100%; max-width: 300px; aspect-ratio: 1;
  border: 1px solid var(--border-color-primary); border-radius: 8px; touch-action: none;
  cursor: crosshair; background: var(--background-fill-secondary); }
#stress-pad .pad:focus-visible { outline: 2px solid var(--color-accent); }
#stress-pad .pad i { position: absolute; background: var(--border-color-primary); }
#stress-pad .pad .across { left: 0; right: 0; height: 1px; }
#stress-pad .pad .down { top: 0; bottom: 0; width: 1px; }
#stress-pad .pad b { position: absolute; width: 18px; height: 18px; margin: -9px;
  border-radius: 50%; border: 2px solid white; background: var(--color-accent);
  box-shadow: 0 1px 4px #0006; }
#stress-pad .pad em { position: absolute; font-style: normal; font-size: .72rem;
  color: var(--body-text-color-subdued); pointer-events: none; }

.html-container { padding: 0 !important; }
#files button[aria-label="Remove this file"], #files .label-clear-button { display: none; }
summary { cursor: pointer; font-size: .88rem; color: var(--body-text-color); }

/* what is wider than a phone scrolls by itself and does not widen the page */
.table, #diagram { overflow-x: auto; contain: inline-size; }
.table table { width: 100%; border-collapse: collapse; font-size: .9rem; }
.table caption { text-align: left; white-space: normal; font-size: .84rem; padding-bottom: .4rem;
  color: var(--body-text-color-subdued); }
.table th, .table td { padding: .35rem .6rem; text-align: right; border: solid;
  border-width: 0 0 1px !important; border-color: var(--border-color-primary) !important;
  color: var(--body-text-color); }
.table th:first-child { text-align: left; }

.legend { display: grid; gap: .3rem 1.2rem; margin: .6rem 0 0; padding: 0; font-size: .88rem;
  grid-template-columns: repeat(auto-fit, minmax(min(260px, 100%), 1fr)); list-style: none;
  color: var(--body-text-color); }
.legend li { margin: 0; }

/* the built-in trimmer would load a program from another host */
button[aria-label="Trim video to selection"] { display: none !important; }

#diagram svg { width: 100%; height: auto; min-width: 640px; }
#driving video { max-height: 150px; }

@media (min-width: 1000px) and (max-height: 850px) {
  .plot .frame { height: 100px; }
}

/* one column: the result first, and the button always at hand */
@media (max-width: 999px) {
  #outcome { order: -1; }
  #bar { position: fixed; left: 0; right: 0; top: auto; padding: .5rem .8rem; }
  .gradio-container { padding-bottom: 5rem !important; }
}
@media (max-width: 600px) {
  .tab-container { overflow-x: auto !important; contain: inline-size; }
  .tab-container button { flex-shrink: 0; padding-inline: .55rem; }
  .gradio-container > .main { padding: .5rem !important; }
  .tabitem { padding: .5rem 0 !important; }
  #intro h1 { font-size: 1rem; }
  #intro p { font-size: .8rem; line-height: 1.3; }
  .player video { max-height: none; }
  .note.good { font-size: .92rem; }
  #headline .fine, .steps { font-size: .74rem; }
  .plot .frame { height: 120px; }
}
"""
