"""The texts of the page."""

TITLE = """<h1>OSTNet: your portrait, someone else's motion, the right face size</h1>
<p>If the driver sits <b>nearer or farther</b> than the person in the portrait, the head changes its
size. OSTNet measures this change in every frame and corrects it.</p>"""

NO_SHOWCASE = """No comparison has been made with these weights yet. Both inputs are filled in:
press Animate."""

LIVE = """<p>Your browser computes this tab by itself: nothing is uploaded.
<a href="{address}" target="_blank">Open it in a window of its own</a></p>
<iframe src="{address}" title="Live" loading="lazy" allow="camera; fullscreen; clipboard-read"
style="width: 100%; height: 70vh; border: 0"></iframe>"""

_LIVE_STATUS = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>OSTNet: live</title>
<body style="max-width: 44rem; font: 16px/1.5 ui-sans-serif, system-ui, sans-serif">"""

LIVE_WAITS = f"""{_LIVE_STATUS}<meta http-equiv="refresh" content="2">
<p>This server is preparing the page that computes in your own browser. It does so once, in about a
minute; then the page opens here by itself.</p>
<p><progress value="{{share}}" aria-label="Preparing the page"></progress> {{what}}</p>"""

LIVE_FAILED = f"""{_LIVE_STATUS}<p><b>The page that computes in your own browser could not be
prepared.</b> The server tries again when it is started the next time.</p>
<p>Reason: {{reason}}</p>
<p>Whoever runs this server can also prepare it with <code>ostnet export --format web</code>.</p>"""

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

MOTION_NOTE = """`driving.motion.safetensors` is the clip's motion file: its movement without
pictures and sound. Under *More portraits or clips* it drives any portrait."""

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
