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
.gradio-container { max-width: 1240px !important; margin: 0 auto !important; }
#intro h1 { margin: 0 0 .25rem; font-size: 1.7rem; }
#intro p { margin: 0; max-width: 62rem; }
#weights { font-size: .82rem; color: var(--body-text-color-subdued); }

.figures { display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fit, minmax(min(var(--least), 46%), 1fr)); }
.figures figure { margin: 0; min-width: 0; }
.figures img { width: 100%; display: block; border-radius: 6px; background: #18181b; }
.figures figcaption { margin-top: .3rem; font-size: .86rem; line-height: 1.3;
  color: var(--body-text-color); }

.note { margin: .4rem 0 0; padding: .5rem .75rem; border-radius: 6px; font-size: .9rem;
  border-left: 4px solid var(--color-accent); background: var(--background-fill-secondary);
  color: var(--body-text-color); }
.note.warn { border-color: #d97706; }
.note.good { font-size: 1.02rem; }

.progress progress { width: 100%; height: .8rem; accent-color: var(--color-accent); }
.progress p { margin: .25rem 0 .5rem; }

.html-container { padding: 0 !important; }
#files button[aria-label="Remove this file"], #files .label-clear-button { display: none; }
.fine { font-size: .84rem; color: var(--body-text-color-subdued); }

/* what is wider than a phone scrolls by itself and does not widen the page */
.table, #diagram { overflow-x: auto; contain: inline-size; }
.table table { width: 100%; border-collapse: collapse; font-size: .9rem; }
.table caption { text-align: left; white-space: normal; font-size: .84rem; padding-bottom: .4rem;
  color: var(--body-text-color-subdued); }
.table th, .table td { padding: .35rem .6rem; text-align: right; 
  border-bottom: 1px solid var(--border-color-primary); color: var(--body-text-color); }
.table th:first-child { text-align: left; }

.legend { display: grid; gap: .3rem 1.2rem; margin: .2rem 0 0; padding: 0; font-size: .88rem;
  grid-template-columns: repeat(auto-fit, minmax(min(260px, 100%), 1fr)); list-style: none; }
.legend li { margin: 0; }

/* the built-in trimmer would load a program from another host */
button[aria-label="Trim video to selection"] { display: none !important; }

#diagram svg { width: 100%; height: auto; min-width: 640px; }

#options .form { display: grid; grid-template-columns: repeat(auto-fit, minmax(155px, 1fr)); }
#options .block { min-width: 0 !important; }
#driving video { max-height: 210px; }
#grid video { max-height: 85vh; }

@media (max-width: 600px) {
  .gradio-container { padding: .5rem !important; }
  #intro h1 { font-size: 1.35rem; }
}
"""
