"""The texts of the page."""

TITLE = """<h1>OSTNet: your portrait, someone else's motion, the right face size</h1>
<p>If the driver sits <b>nearer or farther</b> than the person in the portrait, the head changes its
size. OSTNet measures this change in every frame and corrects it.</p>"""

NO_SHOWCASE = """No comparison has been made with these weights yet. Both inputs are filled in:
press Animate."""

NO_LIVE = """The page that computes in the visitor's own browser, with a webcam, was not exported
here. Run `ostnet export --format web --output {folder}` in the folder of `app.py`, or export into
the folder that the environment variable `{variable}` names. Then restart this page."""

LEGEND = """<ul class="legend">
<li><b>portrait</b>: the picture that is animated</li>
<li><b>driving clip</b>: the driving frame as the networks see it</li>
<li><b>driving, rescaled</b>: the driving frame after OSTNet has brought its face to the portrait's
size</li>
<li><b>measured</b>: how many times larger the driving face was, across and down</li>
<li><b>OSTNet (full)</b>: both parts of the method on</li>
<li><b>no scale transform</b>: motion is read from the driving frame without rescaling</li>
<li><b>no scale embedding</b>: the generator does not receive the scale</li>
<li><b>neither of the two</b>: both parts off</li>
<li>The setting of the head pose applies to all results.</li>
</ul>"""

CONSENT = """**Use it fairly.** Animate only faces whose owners agree, or that are yours, drawn or
free to use. Never pass a result off as a recording. Every video carries an "AI-generated" mark in
its metadata. Results are deleted when you leave the page, your own files a minute later."""

TABLE_NOTE = """Medians over the frames of this clip. Face size: geometric mean of the horizontal
and vertical spread of the model's own keypoints, divided by the portrait's. Off by: the difference
from the portrait's size. Worse axis: the same for the worse of width and height. The pose is not
matched: a head that turns away gets narrower, and that counts as an error. So does a driver who
leans in, where the scale is not measured in each frame."""

STRESS = """How wrong can the scale be before the method fails? Make one driving frame up to 2.5
times smaller or twice as large, across and down independently, and compare all four variants. The
portrait and the clip are those of the **Animate** tab; the head pose is the driver's, as in the
paper."""

INSIDE = """What the networks compute from one driving frame, step by step. The portrait and the
clip are those of the **Animate** tab; the head pose is the driver's, as in the paper."""

NO_INPUTS = "Choose a portrait and a driving clip in the Animate tab first."

RESULTS = """Measured by this project with its own command `ostnet evaluate`, and read from the
reports beside the weights. The head pose is the driver's, as in the paper, unless a method says
otherwise. Do not compare values of different data sets or definitions."""

NO_REPORT = """There is no evaluation report beside these weights yet. `ostnet evaluate` writes
one."""
